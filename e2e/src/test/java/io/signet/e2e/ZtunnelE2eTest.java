package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.KubeApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A proxy asks for the workloads of its node as ztunnel does (ISTIO-12, ISTIO-18, ISTIO-37), and
 * takes what it gets as ztunnel does (ISTIO-24). The API server is a real one, and Signet has the
 * rights there that our manifests give and no others.
 */
@Tag("e2e")
final class ZtunnelE2eTest {
  private static final Path MANIFESTS = Path.of("../k8s/deploy");
  private static final Duration TWELVE_HOURS = Duration.ofHours(12);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";
  private static final String ZTUNNEL = "spiffe://example.org/ns/istio-system/sa/ztunnel";

  @TempDir private static Path shared;
  @AutoClose private static KubeApiServer cluster;
  @AutoClose private static SignetProcess signet;

  @BeforeAll
  static void launch() throws IOException {
    cluster = KubeApiServer.launch();
    for (String manifest : List.of("namespace", "rbac")) {
      cluster.apply(MANIFESTS.resolve(manifest + ".yaml"));
    }
    for (String namespace : List.of("istio-system", "shop", "bank")) {
      cluster.createNamespace(namespace);
    }
    cluster.createServiceAccount("istio-system", "ztunnel");
    for (String account : List.of("cart", "web", "job")) {
      cluster.createServiceAccount("shop", account);
    }
    cluster.createServiceAccount("bank", "cart");
    for (String node : List.of("node-1", "node-2")) {
      cluster.createNode(node);
      cluster.createPod("istio-system", "ztunnel-" + node, "ztunnel", node);
    }
    cluster.createPod("shop", "cart-1", "cart", "node-1");
    cluster.createPod("shop", "web-1", "web", "node-2");
    signet = SignetProcess.serve(configured(cluster.kubeconfigFor("signet-system", "signet")));
  }

  private static Path configured(Path kubeconfig) throws IOException {
    var folder = ServerFolder.create(shared.resolve("server"));
    String kubernetes =
        """
        kubernetes:
        - cluster: main
          aliases: [east]
          kubeconfig: "%s"
          trusted-node-accounts: [istio-system/ztunnel]
        """
            .formatted(kubeconfig);
    folder.configureMore("limits: { per-identity: off }\n" + ServerFolder.attestation(kubernetes));
    return folder.config();
  }

  // ISTIO-12, ISTIO-24, ISTIO-56; ISTIO-18: critical or not, as the proxy's TLS library does it.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sign_workloadOfItsNode_exactlyItsIdentity(boolean critical) throws Exception {
    try (var proxy = proxyOf("node-1")) {
      assertTaken(proxy.impersonating(CART).sign(csr(CART, critical)), CART);
    }
    assertThat(signet.log())
        .contains(
            "\"caller\":{\"id\":\"%s\",\"proof\":\"node\",\"by\":{\"id\":\"%s\""
                .formatted(CART, ZTUNNEL),
            "\"cluster\":\"main\"",
            "\"pod\":\"ztunnel-node-1\"");
  }

  // ISTIO-59: the id by which the token was judged, whatever the header says.
  @ParameterizedTest
  @ValueSource(strings = {"main", "east", ""})
  void sign_clusterByIdAliasOrEmpty_issued(String id) throws Exception {
    try (var proxy = proxyOf("node-1").ofCluster(id)) {
      assertTaken(proxy.impersonating(CART).sign(csr(CART, true)), CART);
    }
  }

  // In dedicated mode, and for itself, it names nobody (ISTIO-12).
  @Test
  void sign_nobodyNamed_ownIdentity() throws Exception {
    try (var proxy = proxyOf("node-1")) {
      assertTaken(proxy.sign(csr(ZTUNNEL, true)), ZTUNNEL);
    }
  }

  // ISTIO-56
  @ParameterizedTest
  @CsvSource({
    "node-2, spiffe://example.org/ns/shop/sa/cart, shop/cart on node-2",
    "node-1, spiffe://example.org/ns/shop/sa/web, shop/web on node-1",
    "node-1, spiffe://example.org/ns/bank/sa/cart, bank/cart on node-1",
    "node-1, spiffe://example.org/ns/nowhere/sa/cart, nowhere/cart on node-1"
  })
  void sign_workloadElsewhere_denied(String node, String id, String detail) throws Exception {
    try (var proxy = proxyOf(node).impersonating(id)) {
      assertDenied("node", proxy, csr(id, true), detail);
    }
  }

  // ISTIO-58
  @ParameterizedTest
  @CsvSource({"Pending, true", "Unknown, true", "Succeeded, false", "Failed, false"})
  void sign_workloadInPhase_issuedUntilItHasEnded(String phase, boolean issued) throws Exception {
    String id = "spiffe://example.org/ns/shop/sa/job";
    cluster.createPod("shop", "job-1", "job", "node-1");
    cluster.setPhase("shop", "job-1", phase);
    try (var proxy = proxyOf("node-1").impersonating(id)) {
      if (issued) {
        assertTaken(proxy.sign(csr(id, true)), id);
      } else {
        assertDeniedSoon(proxy, csr(id, true), "no live pod of shop/job");
      }
    } finally {
      cluster.deletePod("shop", "job-1");
    }
  }

  // ISTIO-58
  @Test
  void sign_workloadTerminating_denied() throws Exception {
    String id = "spiffe://example.org/ns/shop/sa/job";
    cluster.createPod("shop", "job-2", "job", "node-1");
    cluster.terminatePod("shop", "job-2");
    try (var proxy = proxyOf("node-1").impersonating(id)) {
      assertDeniedSoon(proxy, csr(id, true), "no live pod of shop/job");
    } finally {
      cluster.deletePod("shop", "job-2");
    }
  }

  // ISTIO-60: no pod that has come is denied, whatever the API server's cache has seen of it. One
  // that has gone is told so as soon as that has.
  @Test
  void sign_workloadComesAndGoes_issuedAtOnceAndDeniedSoon() throws Exception {
    String id = "spiffe://example.org/ns/shop/sa/web";
    Csr csr = csr(id, true);
    try (var proxy = proxyOf("node-1").impersonating(id)) {
      for (int i = 0; i < 5; i++) {
        cluster.createPod("shop", "web-here", "web", "node-1");
        assertTaken(proxy.sign(csr), id);
        cluster.deletePod("shop", "web-here");
        assertDeniedSoon(proxy, csr, "shop/web on node-1");
      }
    }
  }

  // ISTIO-52, ISTIO-57: in istiod, the third gets the DNS name of its control plane.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trust_domain | spiffe://td/ns/shop/sa/cart",
        "trust_domain | spiffe://example.org.td/ns/shop/sa/cart",
        "identity | spiffe://td,istiod.istio-system.svc,x/ns/foo/sa/app",
        "identity | spiffe://example.org,istiod.istio-system.svc,x/ns/shop/sa/cart",
        "identity | spiffe://example.org/ns/shop/sa/cart,istiod.istio-system.svc",
        "identity | SPIFFE://example.org/ns/shop/sa/cart",
        "identity | spiffe://example.org/ns/shop/sa/cart/",
        "identity | istiod.istio-system.svc"
      })
  void sign_nameThatIsNoWorkloadOfOurs_denied(String rule, String id) throws Exception {
    try (var proxy = proxyOf("node-1").impersonating(id)) {
      assertDenied(rule, proxy, Csr.create(shared), id);
    }
  }

  // ISTIO-51: also for what runs on its own node.
  @Test
  void sign_accountThatIsNotTrusted_denied() throws Exception {
    try (var cart = client("shop", "cart", "cart-1").impersonating(ZTUNNEL)) {
      assertDenied("account", cart, csr(ZTUNNEL, true), "trusted are only istio-system/ztunnel");
    }
  }

  // K8S-7: such a token is bound to no node either.
  @Test
  void sign_tokenBoundToNoPod_denied() throws Exception {
    String token =
        cluster.token("istio-system", "ztunnel", null, List.of("istio-ca"), TWELVE_HOURS);
    try (var proxy = ztunnel().bearing(token).impersonating(CART)) {
      assertDenied("pod", proxy, csr(CART, true), "bound to none");
    }
  }

  // ISTIO-54, K8S-55: the API server remembers for ten seconds that it took the token.
  @Test
  void sign_proxyMadeAnew_oldTokenUnauthenticated() throws Exception {
    cluster.createPod("istio-system", "ztunnel-x", "ztunnel", "node-1");
    try (var proxy = client("istio-system", "ztunnel", "ztunnel-x").impersonating(CART)) {
      assertTaken(proxy.sign(csr(CART, true)), CART);
      cluster.deletePod("istio-system", "ztunnel-x");
      cluster.createPod("istio-system", "ztunnel-x", "ztunnel", "node-1");
      assertOpaque(refusal(() -> proxy.sign(csr(CART, true))));
    } finally {
      cluster.deletePod("istio-system", "ztunnel-x");
    }
  }

  // ISTIO-58, for the proxy itself.
  @Test
  void sign_proxyTerminating_denied() throws Exception {
    cluster.createPod("istio-system", "ztunnel-y", "ztunnel", "node-1");
    try (var proxy = client("istio-system", "ztunnel", "ztunnel-y").impersonating(CART)) {
      cluster.terminatePod("istio-system", "ztunnel-y");
      assertDenied("pod_live", proxy, csr(CART, true), "ztunnel-y has ended or is to end");
    } finally {
      cluster.deletePod("istio-system", "ztunnel-y");
    }
  }

  // CSR-7: a name in the request is the one that is asked for.
  @Test
  void sign_requestNamesTheProxyItself_permissionDenied() throws Exception {
    try (var proxy = proxyOf("node-1").impersonating(CART)) {
      assertThat(refusal(() -> proxy.sign(csr(ZTUNNEL, true))).getCode())
          .isEqualTo(Code.PERMISSION_DENIED);
    }
  }

  // ISTIO-31: at its start it asks for all workloads of its node, eight at a time.
  @Test
  void sign_fortyWorkloadsEightAtATime_allIssued() throws Exception {
    cluster.createNode("node-3");
    cluster.createPod("istio-system", "ztunnel-node-3", "ztunnel", "node-3");
    List<Callable<SignedChain>> requests = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    try (var eight = Executors.newFixedThreadPool(8);
        var proxies = new Proxies()) {
      for (int i = 0; i < 40; i++) {
        String account = "app-" + i;
        cluster.createServiceAccount("shop", account);
        cluster.createPod("shop", account, account, "node-3");
        ids.add("spiffe://example.org/ns/shop/sa/" + account);
        CsrClient proxy = proxies.add(proxyOf("node-3").impersonating(ids.getLast()));
        Csr csr = csr(ids.getLast(), true);
        requests.add(() -> proxy.sign(csr));
      }
      List<String> issued = new ArrayList<>();
      for (Future<SignedChain> chain : eight.invokeAll(requests)) {
        issued.addAll(chain.get().uris());
      }
      assertThat(issued).isEqualTo(ids);
    }
  }

  private static final class Proxies implements AutoCloseable {
    private final List<CsrClient> opened = new ArrayList<>();

    CsrClient add(CsrClient proxy) {
      opened.add(proxy);
      return proxy;
    }

    @Override
    public void close() {
      opened.forEach(CsrClient::close);
    }
  }

  /** ISTIO-24, ISTIO-57: this one name, and none of another kind. */
  private static void assertTaken(SignedChain chain, String id) throws CertificateParsingException {
    assertThat(chain.leaf().getSubjectAlternativeNames()).containsExactly(List.of(6, id));
    assertThat(chain.intermediates()).hasSize(1);
  }

  /** Opaque to the caller, precise in the log and counted (ISTIO-26, ISTIO-33). */
  private static void assertDenied(String rule, CsrClient proxy, Csr csr, String detail)
      throws IOException {
    int before = signet.log().length();
    double counted = denials(rule);
    assertOpaque(refusal(() -> proxy.sign(csr)));
    assertThat(signet.log().substring(before))
        .contains("\"event\":\"refused\"", "impersonation: rule " + rule + ": ", detail);
    assertThat(denials(rule)).isEqualTo(counted + 1);
  }

  /** As soon as the API server's own cache has seen what was just written. */
  private static void assertDeniedSoon(CsrClient proxy, Csr csr, String detail) throws IOException {
    Await.until("the denial", SOON, () -> !isSigned(proxy, csr));
    assertDenied("node", proxy, csr, detail);
  }

  private static boolean isSigned(CsrClient proxy, Csr csr) throws IOException {
    try {
      return proxy.sign(csr).uris().size() == 1;
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Code.UNAVAILABLE) throw new IOException(e);
      assertOpaque(e.getStatus());
      return false;
    }
  }

  private static double denials(String rule) throws IOException {
    String name = "signet_impersonation_denied_total{rule=\"" + rule + "\"} ";
    return signet
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  private static void assertOpaque(Status status) {
    assertThat(status.getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).isEqualTo("request authenticate failure");
  }

  private static Csr csr(String id, boolean critical) throws IOException {
    return Csr.ztunnel(shared, Csr.Key.P256, id, critical);
  }

  private static CsrClient proxyOf(String node) throws IOException {
    return client("istio-system", "ztunnel", "ztunnel-" + node);
  }

  private static CsrClient client(String namespace, String account, String pod) throws IOException {
    return ztunnel()
        .ofCluster("main")
        .bearing(cluster.token(namespace, account, pod, List.of("istio-ca"), TWELVE_HOURS));
  }

  private static CsrClient ztunnel() throws IOException {
    return CsrClient.ztunnel(signet.workloadPort(), Files.readString(signet.bundle()));
  }
}
