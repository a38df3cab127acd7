package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.attestation.kubernetes.TestCluster.Kind;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.FaultyFront;
import io.signet.e2e.peers.FaultyFront.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * A whole server whose API server fails, in each way: one real cluster by two names, {@code asked},
 * where each token is reviewed, and {@code known}, judged by us. Whatever fails, a caller is
 * answered within its deadline, with Unavailable at worst, and all is well as soon as the fault is
 * over.
 */
@Tag("e2e")
final class ApiServerFaultsE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir private static Path shared;
  @AutoClose private static RealCluster cluster;
  @AutoClose private static FaultyFront asked;
  @AutoClose private static FaultyFront known;
  @AutoClose private static SignetProcess signet;
  @AutoClose private static CsrClient client;
  private static Csr csr;

  @BeforeAll
  static void launch() throws IOException {
    cluster = RealCluster.launch();
    cluster.createNode("node-1");
    cluster.createServiceAccount("cart");
    cluster.createPod("cart", "cart", "node-1");
    asked = cluster.server().front();
    known = cluster.server().front();
    signet = SignetProcess.serve(configured());
    client = signet.client();
    csr = Csr.create(shared);
  }

  private static Path configured() throws IOException {
    var folder = ServerFolder.create(shared.resolve("server"));
    String kubernetes =
        """
        kubernetes:
        - { cluster: asked, kubeconfig: "%s" }
        - { cluster: known, kubeconfig: "%s", review: local }
        """
            .formatted(kubeconfig(asked), kubeconfig(known));
    folder.configureMore("limits: { per-identity: off }\n" + ServerFolder.attestation(kubernetes));
    return folder.config();
  }

  private static Path kubeconfig(FaultyFront front) throws IOException {
    return cluster.server().kubeconfigFor("signet-system", "signet", front.address());
  }

  @BeforeEach
  void awaitKnowledge() {
    Await.until("all to be known", SOON, () -> !signet.readiness().contains("cluster known"));
  }

  @AfterEach
  void lift() {
    asked.meet(Fault.NONE);
    known.meet(Fault.NONE);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"NONE", "SLOW"})
  void sign_reviewFails_unavailableUntilItIsOverAndTheOtherIsAnswered(Fault fault)
      throws IOException {
    String token = token();
    asked.meet(fault);

    assertThat(refusal(() -> signed("asked", token)).getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(signet.readiness()).contains("cluster asked: ", "check it");
    assertSigned("known", token);

    asked.meet(Fault.NONE);
    assertSigned("asked", token);
  }

  @Test
  void sign_reviewSlow_signed() throws IOException {
    asked.meet(Fault.SLOW);

    assertSigned("asked", token());
  }

  // What is known counts for a while. Then nobody knows, for the API server cannot be asked either.
  @ParameterizedTest
  @EnumSource(names = {"BUSY", "CUT"})
  void sign_watchesFail_servedForAWhileThenUnavailableUntilItIsOver(Fault fault)
      throws IOException {
    String token = token();
    assertSigned("known", token);
    known.meet(fault);

    assertSigned("known", token);
    Await.until("what is known to be old", SOON, () -> signet.readiness().contains("pods: "));
    assertThat(refusal(() -> signed("known", token)).getCode()).isEqualTo(Code.UNAVAILABLE);
    assertSigned("asked", token);

    known.meet(Fault.NONE);
    assertSigned("known", token); // reviewed, until all is known again
  }

  @Test
  void sign_watchesSlow_signed() throws IOException {
    known.meet(Fault.SLOW);

    assertSigned("known", token());
  }

  // Tokens by the key before stay good, and those by the new one are, as by the API server.
  @Test
  void sign_apiServerRotatesItsKey_tokensOfBothKeysSigned() throws IOException {
    String before = token();
    cluster.server().rotateTokenKey();
    String after = token();

    for (String name : List.of("asked", "known")) {
      Await.until("the API server", SOON, () -> isSigned(name, after));
      assertSigned(name, before);
    }
    awaitKnowledge();
    long reviews = cluster.reviews();
    assertSigned("known", after);
    assertSigned("known", before);
    assertThat(cluster.reviews()).isEqualTo(reviews);
  }

  private static String token() throws IOException {
    return cluster.token("cart", Optional.of(new Bound(Kind.POD, "cart")), List.of("istio-ca"));
  }

  private static void assertSigned(String clusterId, String token) {
    assertThat(signed(clusterId, token).uris())
        .containsExactly("spiffe://example.org/ns/shop/sa/cart");
  }

  private static boolean isSigned(String clusterId, String token) {
    try {
      return !signed(clusterId, token).uris().isEmpty();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  private static SignedChain signed(String clusterId, String token) {
    return client.bearing(token).ofCluster(clusterId).sign(csr);
  }
}
