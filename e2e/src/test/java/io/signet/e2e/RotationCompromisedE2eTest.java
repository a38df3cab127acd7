package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.ECKey;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.oidc.FakeIssuer;
import io.signet.ca.revocation.AuthorityId;
import io.signet.e2e.RotatingMesh.Plan;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Started;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The key of a root is in wrong hands while there is traffic, and somebody has a certificate below
 * that root for longer than anybody waits.
 */
@Tag("e2e")
final class RotationCompromisedE2eTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final String IDLE_ID = "spiffe://example.org/ns/default/sa/web";
  private static final ECKey KEY = FakeIssuer.key("only");

  @TempDir private Path folder;
  @AutoClose private final Started started = new Started();
  @AutoClose private final FakeIssuer issuer = new FakeIssuer(KEY);

  // KC-7, ISTIO-44, ISTIO-71 to 74
  @Test
  void compromised_underTraffic_overInAHurryAndWhatTheOldRootHasSignedProvesNothing()
      throws Exception {
    RotatingMesh mesh = launch();
    X509Certificate old = mesh.roots().getFirst();
    String keyId = AuthorityId.of(old).hex();
    Csr csr = Csr.create(folder);
    SignedChain before = signedByToken(mesh.eastServer(), csr);
    before.writeTo(folder);
    X509Certificate authority = SignedChain.parse(before.intermediates().getFirst()).getFirst();
    assertThat(renewed(mesh.westServer(), csr).uris()).containsExactly(IDLE_ID);

    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent = agent(mesh)) {
      revokeAnother(mesh, csr); // FLD-4: from now on proxies need a CRL of each CA
      traffic.awaitMore(20, LONG);
      agent.awaitMore(2, LONG);

      assertDone(mesh.rotation("start", "--compromised", keyId, "--reason", "stolen", "--no-wait"));
      mesh.awaitPhase("published");
      for (SignetProcess each : mesh.servers()) assertRefused(each, csr);

      mesh.awaitOver(2);
      for (SignetProcess each : mesh.servers()) {
        Await.until("a CRL for proxies", LONG, () -> isToldToProxies(each, old, authority));
      }
      traffic.awaitMore(20, LONG);
      agent.awaitMore(2, LONG);
    }

    assertThat(mesh.roots()).doesNotContain(old);
    mesh.assertOneRootAndOneKey();
    mesh.awaitWithout(old);
    assertThat(mesh.status().get("history").toString())
        .contains("stolen")
        .contains("compromised: ")
        .contains(IDLE_ID);
    for (SignetProcess each : mesh.servers()) {
      assertThat(verified(each, keyId)).contains("certificate revoked");
      assertRefused(each, csr);
      assertServedByTokenBesideIt(each, csr, old);
    }
  }

  private void revokeAnother(RotatingMesh mesh, Csr csr) throws IOException {
    SerialNumber serial = SerialNumber.of(signedByToken(mesh.westServer(), csr).leaf());
    assertDone(
        mesh.administer(List.of("svid", "revoke", serial.toString(), "--reason", "superseded")));
    for (SignetProcess each : mesh.servers()) {
      Await.until("CRLs for proxies", LONG, () -> !crlsForProxies(each).isEmpty());
    }
  }

  private static void assertDone(Command.Result result) {
    assertThat(result.exit()).as(result.errors()).isZero();
  }

  private RotatingMesh launch() throws IOException {
    String proofs =
        "jwt: [ { issuer: \"%s\", jwks-url: \"%s\" } ]".formatted(issuer.url(), issuer.jwksUrl());
    RotatingMesh mesh =
        RotatingMesh.launch(folder, Plan.of(Api.DELTA_GRPC, "2m").living("5m").attesting(proofs));
    started.add(mesh::close);
    return mesh;
  }

  private CsrTraffic agent(RotatingMesh mesh) throws Exception {
    return CsrTraffic.start(
        mesh.eastFolder().socket(), folder.resolve("agent"), mesh.east().listenerPort("in"));
  }

  private SignedChain signedByToken(SignetProcess server, Csr csr) throws IOException {
    try (CsrClient client = server.client()) {
      return client.bearing(token()).sign(csr);
    }
  }

  private String token() {
    return issuer.token(KEY, Clock.systemUTC()).token();
  }

  /** With nothing to show but the certificate from before. */
  private SignedChain renewed(SignetProcess server, Csr csr) throws IOException {
    try (CsrClient client = showing(server, csr)) {
      return client.sign(csr);
    }
  }

  private CsrClient showing(SignetProcess server, Csr csr) throws IOException {
    return CsrClient.mutualTls(
        server.workloadPort(),
        Files.readString(server.bundle()),
        folder.resolve("chain.pem"),
        csr.key());
  }

  // Each server hears of it by itself.
  private void assertRefused(SignetProcess server, Csr csr) throws IOException {
    try (CsrClient client = showing(server, csr)) {
      Await.until("a server that refuses", LONG, () -> isRefused(server, client, csr));
    }
  }

  // Callers learn no reason; whoever looks after the server does.
  private static boolean isRefused(SignetProcess server, CsrClient client, Csr csr) {
    try {
      SignedChain _ = client.sign(csr);
      return false;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).as(e.toString()).isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(Refusals.audited(server, e))
          .contains("\"event\":\"refused\"")
          .contains("client-certificate: certificate: signed by ")
          .contains("(expected: by us)");
      return true;
    }
  }

  private void assertServedByTokenBesideIt(SignetProcess server, Csr csr, X509Certificate old)
      throws IOException {
    try (CsrClient client = showing(server, csr)) {
      SignedChain chain = client.bearing(token()).sign(csr);
      assertThat(chain.uris()).containsExactly(IDLE_ID);
      assertThat(SignedChain.parse(chain.roots())).hasSize(1).doesNotContain(old);
    }
  }

  /** What somebody makes of it who trusts that root still and asks for its CRL. */
  private String verified(SignetProcess server, String keyId) throws IOException {
    var crl = server.get("/v1/crl/" + keyId + ".pem");
    assertThat(crl.statusCode()).isEqualTo(200);
    Path file = Files.writeString(folder.resolve("crl.pem"), crl.body());
    // What is above the leaf is enough: of a revoked authority nobody believes anything.
    var command =
        List.of(
            "openssl",
            "verify",
            "-crl_check",
            "-CAfile",
            folder.resolve("roots.pem").toString(),
            "-CRLfile",
            file.toString(),
            folder.resolve("intermediates.pem").toString());
    var result = Command.result(Map.of(), command);
    return result.output() + result.errors();
  }

  /** Whether the CRL of the root that proxies get with their bundle names this authority. */
  private static boolean isToldToProxies(
      SignetProcess server, X509Certificate root, X509Certificate authority) throws IOException {
    return crlsForProxies(server).stream()
        .filter(crl -> crl.getIssuerX500Principal().equals(root.getSubjectX500Principal()))
        .anyMatch(crl -> crl.isRevoked(authority));
  }

  private static List<X509CRL> crlsForProxies(SignetProcess server) throws IOException {
    var request =
        DiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("another").setCluster("e2e"))
            .addResourceNames("ROOTCA")
            .setTypeUrl("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")
            .build();
    try (CsrClient client = CsrClient.unix(server.socket())) {
      var answer =
          SecretDiscoveryServiceGrpc.newBlockingStub(client.withHeaders()).fetchSecrets(request);
      var bundle = answer.getResources(0).unpack(Secret.class).getValidationContext();
      return CertificateFactory.getInstance("X.509")
          .generateCRLs(bundle.getCrl().getInlineBytes().newInput())
          .stream()
          .map(X509CRL.class::cast)
          .toList();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
