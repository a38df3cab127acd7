package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.attestation.kubernetes.TestCluster.Kind;
import io.signet.e2e.peers.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One server for two clusters, each with a real API server: {@code east}, the local one, judged by
 * us, and {@code west}, judged by its API server. What happens to one is no matter to the other.
 */
@Tag("e2e")
final class SeveralClustersE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String REVIEWED =
      "cluster east: each token is reviewed by the API server until more is known";

  @TempDir private static Path shared;
  @AutoClose private static RealCluster east;
  @AutoClose private static RealCluster west;
  @AutoClose private static SignetProcess signet;
  @AutoClose private static CsrClient client;
  private static Csr csr;

  @BeforeAll
  static void launch() throws IOException {
    east = populated("cart");
    west = populated("till");
    signet = SignetProcess.serve(configured());
    client = signet.client();
    csr = Csr.create(shared);
  }

  // What a test before has broken is whole again: each cluster has its watches and its answers.
  @BeforeEach
  void awaitBoth() {
    Await.until("both to be well", SOON, () -> !signet.readiness().contains("cluster "));
  }

  private static RealCluster populated(String account) throws IOException {
    RealCluster cluster = RealCluster.launch();
    cluster.createNode("node-1");
    cluster.createServiceAccount(account);
    cluster.createPod(account, account, "node-1");
    return cluster;
  }

  private static Path configured() throws IOException {
    var folder = ServerFolder.create(shared.resolve("server"));
    String kubernetes =
        """
        kubernetes:
        - { cluster: east, aliases: [Kubernetes], kubeconfig: "%s", review: local }
        - { cluster: west, kubeconfig: "%s", review-rate: 500/s }
        """
            .formatted(east.kubeconfig(), west.kubeconfig());
    folder.configureMore("limits: { per-identity: off }\n" + ServerFolder.attestation(kubernetes));
    return folder.config();
  }

  private static void awaitLocal() {
    Await.until("all to be known", SOON, () -> !signet.readiness().contains("east"));
  }

  private static boolean isWatchedAgain(int logged) throws IOException {
    String since = signet.log().substring(logged);
    String known = "known again: %s/api/v1/".formatted(east.server().address());
    return Stream.of("pods", "serviceaccounts", "nodes")
        .allMatch(kind -> since.contains(known + kind));
  }

  // K8S-9, ISTIO-46, ISTIO-59
  @ParameterizedTest
  @ValueSource(strings = {"east", "Kubernetes", ""})
  void sign_firstClusterByIdAliasOrNone_itsAccount(String clusterId) throws IOException {
    assertThat(signed(clusterId, cart()).uris())
        .containsExactly("spiffe://example.org/ns/shop/sa/cart");
  }

  @Test
  void sign_otherCluster_itsAccount() throws IOException {
    assertThat(signed("west", till()).uris())
        .containsExactly("spiffe://example.org/ns/shop/sa/till");
  }

  @Test
  void sign_tokenOfTheOtherCluster_unauthenticated() throws IOException {
    String cart = cart();
    String till = till();
    assertThat(refusal(() -> signed("west", cart)).getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(refusal(() -> signed("east", till)).getCode()).isEqualTo(Code.UNAUTHENTICATED);
  }

  // K8S-9
  @Test
  void sign_unknownCluster_unauthenticatedAndLogNamesTheKnown() throws IOException {
    String token = cart();
    int before = signet.log().length();
    assertThat(refusal(() -> signed("north", token)).getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(signet.log().substring(before))
        .contains("none of [east, Kubernetes, west]: \\\"north\\\"");
  }

  @Test
  void sign_judgedByUs_noReview() throws IOException {
    long before = east.reviews();
    for (int i = 0; i < 20; i++) {
      assertThat(signed("east", cart()).uris()).hasSize(1);
    }
    assertThat(east.reviews()).isEqualTo(before);
  }

  // The second one hangs: its callers are told to come again, those of the first notice nothing.
  @Test
  void sign_westHangs_eastAnswered() throws IOException {
    String till = till();
    west.server().process().freeze();
    try {
      assertThat(refusal(() -> signed("west", till)).getCode()).isEqualTo(Code.UNAVAILABLE);
      assertThat(isSigned("east", cart())).isTrue();
      assertThat(signet.readiness())
          .contains("attestation.kubernetes", "cluster west: ", "check it")
          .doesNotContain("cluster east");
    } finally {
      west.server().process().thaw();
    }
    Await.until("west", SOON, () -> isSigned("west", till));
  }

  // The first one hangs: what is known of it counts for ten seconds.
  @Test
  void sign_eastHangs_unavailableInTheEndAndWestAnswered() throws IOException {
    String cart = cart();
    east.server().process().freeze();
    try {
      // Each kind ages by itself; this token is bound to a pod, so what is known of pods decides.
      Await.until(
          "the pods of east to be unknown", SOON, () -> signet.readiness().contains("pods: "));
      assertThat(refusal(() -> signed("east", cart)).getCode()).isEqualTo(Code.UNAVAILABLE);
      assertThat(isSigned("west", till())).isTrue();
      assertThat(signet.readiness()).contains(REVIEWED).doesNotContain("cluster west");
    } finally {
      east.server().process().thaw();
    }
    awaitLocal();
    assertThat(isSigned("east", cart)).isTrue();
  }

  // Its watches end and begin anew; meanwhile it is asked, or what is known counts still.
  @Test
  void sign_eastRestarts_localAgainByItself() throws IOException {
    String cart = cart();
    east.server().stop();
    int logged = signet.log().length();
    east.server().start();
    Await.until("east to be watched again", SOON, () -> isWatchedAgain(logged));
    Await.until(
        "tokens to be judged by us again", SOON, SeveralClustersE2eTest::areSignedWithoutReview);
    assertThat(isSigned("east", cart)).isTrue();
  }

  // Several, for the API server counts a review only once it has answered.
  private static boolean areSignedWithoutReview() throws IOException {
    long before = east.reviews();
    for (int i = 0; i < 5; i++) {
      if (!isSigned("east", cart())) return false;
    }
    return east.reviews() == before;
  }

  private static String cart() throws IOException {
    return token(east, "cart");
  }

  private static String till() throws IOException {
    return token(west, "till");
  }

  private static String token(RealCluster cluster, String name) throws IOException {
    return cluster.token(name, Optional.of(new Bound(Kind.POD, name)), List.of("istio-ca"));
  }

  private static SignedChain signed(String clusterId, String token) {
    return client.bearing(token).ofCluster(clusterId).sign(csr);
  }

  private static boolean isSigned(String clusterId, String token) {
    try {
      return !signed(clusterId, token).uris().isEmpty();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }
}
