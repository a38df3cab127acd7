package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.KubeApiServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Service accounts of a real API server get certificates, by the rights that our manifests give and
 * no others.
 */
@Tag("e2e")
@TestMethodOrder(OrderAnnotation.class)
final class KubernetesAttestationE2eTest {
  private static final Path MANIFESTS = Path.of("../k8s/deploy");
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String ID = "spiffe://example.org/ns/shop/sa/cart";

  // ISTIO-26: all that a caller learns, whatever is wrong.
  private static final String OPAQUE = "request authenticate failure";

  @TempDir private static Path shared;
  @AutoClose private static KubeApiServer cluster;
  @AutoClose private static SignetProcess signet;
  @AutoClose private static CsrClient client;
  private static Csr csr;
  private static final List<String> SHOWN = new ArrayList<>();

  @BeforeAll
  static void launch() throws IOException {
    cluster = KubeApiServer.launch();
    for (String manifest :
        List.of("namespace", "rbac", "config", "service", "deployment", "networkpolicy")) {
      cluster.apply(MANIFESTS.resolve(manifest + ".yaml"));
    }
    cluster.createNode("node-1");
    cluster.createNamespace("shop");
    cluster.createServiceAccount("shop", "cart");
    cluster.createPod("shop", "cart-1", "cart", "node-1");
    signet = SignetProcess.serve(configured(cluster.kubeconfigFor("signet-system", "signet")));
    client = signet.client();
    csr = Csr.create(shared);
  }

  private static Path configured(Path kubeconfig) throws IOException {
    var folder = ServerFolder.create(shared.resolve("server"));
    String kubernetes =
        """
        kubernetes:
        - { cluster: main, aliases: [east], kubeconfig: "%s" }
        """
            .formatted(kubeconfig);
    folder.configureMore("sds: { recheck: 10s }\n" + ServerFolder.attestation(kubernetes));
    return folder.config();
  }

  // ISTIO-3, ISTIO-14, K8S-1, K8S-2, K8S-5 to K8S-8
  @Test
  void sign_boundToken_itsServiceAccountAndNothingElse() throws IOException {
    assertThat(signed("main", token("cart-1")).uris()).containsExactly(ID);
  }

  // K8S-9, ISTIO-46, ISTIO-59
  @ParameterizedTest
  @ValueSource(strings = {"main", "east", ""})
  void sign_clusterByIdAliasOrEmpty_local(String cluster) throws IOException {
    assertThat(signed(cluster, token("cart-1")).uris()).containsExactly(ID);
  }

  // K8S-9
  @Test
  void sign_unknownCluster_unauthenticatedAndLogNamesTheKnown() throws IOException {
    assertRefused("west", token("cart-1"), "[main, east]: \\\"west\\\"");
  }

  // K8S-1, K8S-3, K8S-4
  @Test
  void sign_tokenForOtherAudience_unauthenticated() throws IOException {
    String token = cluster.token("shop", "cart", "cart-1", List.of("elsewhere"), TEN_MINUTES);
    assertRefused("main", token, "audience");
  }

  @Test
  void sign_expiredToken_unauthenticated() throws IOException {
    assertRefused("main", cluster.expired(token("cart-1")), "expired");
  }

  // K8S-55: a token that was never used is refused as soon as the API server knows that its pod is
  // gone; to ask twice with one would show what it remembers.
  @Test
  void sign_neverUsedTokenOfDeletedPod_unauthenticated() throws IOException {
    cluster.createPod("shop", "cart-2", "cart", "node-1");
    Queue<String> tokens = new ArrayDeque<>();
    for (int i = 0; i < 20; i++) tokens.add(token("cart-2"));
    cluster.deletePod("shop", "cart-2");
    Await.until("the pod to be gone", SOON, () -> isRefused(tokens.remove()));
    assertRefused("main", tokens.remove(), "token has been invalidated");
  }

  // SC-18, SDS-8: the caller of an open stream is attested anew, and what it was has gone.
  @Test
  void stream_podDeletedMeanwhile_endsWithPermissionDenied() throws IOException {
    cluster.createPod("shop", "cart-3", "cart", "node-1");
    String token = token("cart-3");
    SHOWN.add(token);
    try (var proxy = signet.client().bearing(token).ofCluster("main");
        var watched = WatchedStream.open(proxy.withHeaders(), "default", "ROOTCA")) {
      Await.until("the first secrets", SOON, () -> watched.responses() > 0);
      cluster.deletePod("shop", "cart-3");
      Await.until("the end of the stream", SOON, watched::isOver);
      assertThat(watched.status().getCode()).isEqualTo(Code.PERMISSION_DENIED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a-text-that-is-no-token", "aaa.bbb.", "aaa.b b.ccc"})
  void sign_garbageForToken_unauthenticated(String garbage) {
    assertRefused("main", garbage, "not a signed JWT");
  }

  // It looks like a token to us: the API server tells that it is none.
  @Test
  void sign_threePartsOfGarbage_unauthenticatedByTheApiServer() {
    assertRefused("main", "aaa.bbb.ccc", "invalid bearer token");
  }

  // K8S-1: nobody but the API server checks the signature.
  @Test
  void sign_changedSignature_unauthenticatedByTheApiServer() throws IOException {
    assertRefused("main", withOtherSignature(token("cart-1")), "invalid bearer token");
  }

  // ISTIO-10: an agent without its token file sends no header.
  @Test
  void sign_noToken_unauthenticated() throws IOException {
    try (var without = signet.client()) {
      assertOpaque(refusal(() -> without.sign(csr)));
    }
  }

  // ISTIO-26, ISTIO-49: nobody asks in another's name, or in its own as if it was another's, where
  // no node account is trusted.
  @ParameterizedTest
  @ValueSource(strings = {ID, "spiffe://example.org/ns/shop/sa/web"})
  void sign_inSomebodysName_unauthenticated(String name) throws IOException {
    int before = signet.log().length();
    try (var proxy = signet.client().bearing(token("cart-1")).impersonating(name)) {
      assertOpaque(refusal(() -> proxy.sign(csr)));
    }
    assertThat(signet.log().substring(before)).contains("rule configured: ", name);
  }

  // ISTIO-32, K8S-2: what cannot be judged now is not wrong. The sidecar tries again by itself.
  @Test
  void sign_apiServerDown_unavailableAndBackByItself() throws IOException {
    String token = token("cart-1");
    cluster.stop();
    try {
      assertUnavailable(token);
    } finally {
      cluster.start();
    }
    awaitBack(token);
  }

  // ISTIO-30: its connections stay open and nobody answers, so that our own deadline must end it
  // before the client's does.
  @Test
  void sign_apiServerFrozen_unavailableAndBackByItself() throws IOException {
    String token = token("cart-1");
    cluster.process().freeze();
    try {
      assertUnavailable(token);
    } finally {
      cluster.process().thaw();
    }
    awaitBack(token);
  }

  // ISTIO-33: the log has the reason, and never what would let its reader in.
  @Test
  @Order(Integer.MAX_VALUE)
  void log_allTokensShown_holdsNone() throws IOException {
    assertRefused("west", token("cart-1"), "cluster");
    assertThat(signet.log()).doesNotContain(SHOWN);
  }

  private static void assertUnavailable(String token) throws IOException {
    assertThat(refusal(() -> signed("main", token)).getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(signet.readiness()).contains("attestation.kubernetes", "main");
    assertThat(signet.get("/healthz/live").statusCode()).isEqualTo(200);
  }

  private static void awaitBack(String token) {
    Await.until("issuance to work again", SOON, () -> isSigned(token));
    Await.until("readiness", SOON, () -> signet.get("/healthz/ready").statusCode() == 200);
  }

  private static boolean isSigned(String token) throws IOException {
    try {
      return signed("main", token).uris().contains(ID);
    } catch (StatusRuntimeException e) {
      throw new IOException(e);
    }
  }

  private static boolean isRefused(String token) {
    try {
      return signed("main", token).uris().isEmpty();
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode() == Code.UNAUTHENTICATED;
    }
  }

  private static String token(String pod) throws IOException {
    return cluster.token("shop", "cart", pod, List.of("istio-ca"), TEN_MINUTES);
  }

  /** The same claims, and a signature that differs in one byte. */
  private static String withOtherSignature(String token) {
    int start = token.lastIndexOf('.') + 1;
    byte[] signature = Base64.getUrlDecoder().decode(token.substring(start));
    signature[signature.length / 2] ^= 1;
    return token.substring(0, start)
        + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
  }

  private static SignedChain signed(String cluster, String token) {
    SHOWN.add(token);
    return client.bearing(token).ofCluster(cluster).sign(csr);
  }

  private static void assertRefused(String cluster, String token, String reason) {
    int before = signet.log().length();
    assertOpaque(refusal(() -> signed(cluster, token)));
    assertThat(signet.log().substring(before)).contains("\"event\":\"refused\"").contains(reason);
  }

  private static void assertOpaque(Status status) {
    assertThat(status.getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).isEqualTo(OPAQUE);
  }
}
