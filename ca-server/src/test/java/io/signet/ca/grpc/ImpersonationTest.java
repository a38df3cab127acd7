package io.signet.ca.grpc;

import static io.signet.attestation.kubernetes.FakePod.running;
import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.kubernetes.Cluster;
import io.signet.attestation.kubernetes.Clusters;
import io.signet.attestation.kubernetes.FakePod;
import io.signet.attestation.kubernetes.FakePodServer;
import io.signet.attestation.kubernetes.KubernetesAttestor;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.spiffe.SpiffeId;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ISTIO-92: the proxies of two clusters ask, and all behind the endpoint is real but the pods. */
final class ImpersonationTest {
  private static final ServiceAccountName ZTUNNEL =
      new ServiceAccountName("istio-system", "ztunnel");
  private static final FakePod PROXY =
      running("istio-system", "ztunnel-a", "ztunnel", "node-1").uid("uid-a");
  private static final FakePod CART_POD = running("shop", "cart-1", "cart", "node-1");

  // An empty subject, and no name.
  private static final String CSR =
      """
      -----BEGIN CERTIFICATE REQUEST-----
      MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMMuX/Qg6rj02ZWa
      RYTFhUpOhaoSqrrEFEBL4lv/M5uUj/ZdepXpfmSKxtKmFdQ7hHcFYsoC/sSPBFeg
      +93eNkygADAKBggqhkjOPQQDAgNIADBFAiEA0Dm1pS93jwgoze6QZAhHMT1i4gc0
      vC7ON11OUoPOc6ECIGuAheXn007aOkyIhIKunR9Lr0I1WwdIk8SIz/yLp/cE
      -----END CERTIFICATE REQUEST-----
      """;

  @TempDir private Path folder;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final FakePodServer main = new FakePodServer();
  private final FakePodServer west = new FakePodServer();
  private final TestClock clock = new TestClock();
  private final FakeAttestor attestor = new FakeAttestor("tokens");
  private WorkloadPlane plane;

  @BeforeEach
  void start() throws Exception {
    opened.push(main);
    opened.push(west);
    main.have(List.of(PROXY));
    west.have(List.of(PROXY));
    attestor.answer(new BearerToken("token", "main"), new Proven(ztunnelOf("main")));
    attestor.answer(new BearerToken("token", "west"), new Proven(ztunnelOf("west")));
    plane = new WorkloadPlane();
    opened.push(plane);
    trust(ZTUNNEL);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  // ISTIO-92: successful signing with an impersonated identity.
  @Test
  void create_workloadOnItsNode_itsCertificate() throws Exception {
    main.have(List.of(PROXY, CART_POD));

    assertIssued("main");
  }

  // ISTIO-92: the same from a remote cluster.
  @Test
  void create_workloadOnItsNodeOfAnotherCluster_itsCertificate() throws Exception {
    west.have(List.of(PROXY, CART_POD));

    assertIssued("west");
  }

  // ISTIO-92: no node authorizer.
  @Test
  void create_noTrustedAccounts_unauthenticated() throws Exception {
    main.have(List.of(PROXY, CART_POD));
    trust();

    assertOpaque("main");
  }

  // ISTIO-92: the pod does not pass node authorization.
  @Test
  void create_workloadOnAnotherNode_unauthenticated() {
    main.have(List.of(PROXY, CART_POD.node("node-2")));

    assertOpaque("main");
  }

  // ISTIO-92: nor does it, for a proxy of another cluster.
  @Test
  void create_workloadInAnotherClusterOnly_unauthenticated() {
    west.have(List.of(PROXY, CART_POD));

    assertOpaque("main");
  }

  // ISTIO-32: the proxy tries again by itself.
  @Test
  void create_apiServerDown_unavailable() {
    main.close();

    assertThat(refusal("main").getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  // ISTIO-24, ISTIO-57: this name and no other, of whatever kind.
  private void assertIssued(String cluster) throws Exception {
    assertThat(leaf(create(cluster)).getSubjectAlternativeNames())
        .containsExactly(List.of(6, CART.toString()));
  }

  private void assertOpaque(String cluster) {
    Status status = refusal(cluster);
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).isEqualTo("request authenticate failure");
  }

  private Status refusal(String cluster) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> create(cluster)).getStatus();
  }

  private String create(String cluster) {
    Value whom = Value.newBuilder().setStringValue(CART.toString()).build();
    return plane
        .client("authorization", "Bearer token", "clusterid", cluster)
        .createCertificate(
            IstioCertificateRequest.newBuilder()
                .setCsr(CSR)
                .setMetadata(Struct.newBuilder().putFields("ImpersonatedIdentity", whom))
                .build())
        .getCertChain(0);
  }

  private static X509Certificate leaf(String pem) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
  }

  private static ServiceAccount ztunnelOf(String cluster) {
    SpiffeId id = ZTUNNEL.in(DOMAIN);
    Optional<Pod> pod = Optional.of(new Pod("ztunnel-a", "uid-a"));
    return new ServiceAccount(
        id, Optional.empty(), cluster, ZTUNNEL.namespace(), ZTUNNEL.name(), pod);
  }

  private void trust(ServiceAccountName... accounts) throws Exception {
    KubernetesAttestor clusters =
        KubernetesAttestor.open(
            List.of(cluster("main", main, accounts), cluster("west", west, accounts)),
            DOMAIN,
            Duration.ofSeconds(30),
            clock,
            System::nanoTime);
    opened.push(clusters);
    CertificateSigner signer = new CertificateSigner(new FakeLedger(), Fixtures.serials(), clock);
    IssueSvid issuance =
        new IssueSvid(
            new Attestors(List.of(attestor)),
            clusters.nodeAuthorizer(Duration.ofSeconds(30), _ -> {}),
            () -> new Entitlements(DOMAIN, Duration.ofHours(1), Duration.ofHours(1), List.of()),
            Fixtures.authorities(signer, Duration.ofDays(2), clock),
            signer,
            Limits.none(),
            Steps.unwatched(),
            clock);
    plane.issuance.answer = issuance::issue;
  }

  private Cluster cluster(String id, FakePodServer api, ServiceAccountName... accounts)
      throws Exception {
    Path own = Files.createTempDirectory(folder, id);
    return Clusters.trusting(id, api.kubeconfig(own), accounts);
  }
}
