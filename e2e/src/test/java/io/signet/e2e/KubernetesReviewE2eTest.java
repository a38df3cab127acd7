package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.attestation.kubernetes.Clusters;
import io.signet.attestation.kubernetes.KubernetesAttestor;
import io.signet.attestation.kubernetes.ReviewContract;
import io.signet.attestation.kubernetes.TestCluster;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.attestation.kubernetes.TestCluster.Kind;
import io.signet.e2e.peers.Await;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both ways of review before a real API server, by the rights that our manifests give. */
@Tag("e2e")
final class KubernetesReviewE2eTest extends ReviewContract {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Override
  protected TestCluster launch() throws IOException {
    return RealCluster.launch();
  }

  /** How stale an answer may be, as docs/operations.md tells it: reported, not judged. */
  @ParameterizedTest
  @EnumSource(Review.class)
  void attest_usedTokenOfWhatIsDeleted_refusedAfterAWhile(Review review) throws IOException {
    try (RealCluster cluster = RealCluster.launch();
        KubernetesAttestor attestor = attestor(cluster, review)) {
      cluster.createNode("node-1");
      for (Kind deleted : List.of(Kind.POD, Kind.SERVICE_ACCOUNT)) {
        BearerToken token = used(cluster, attestor, deleted.resource());
        cluster.delete(deleted, deleted.resource());
        System.out.printf(
            "%s: %s deleted, its used token proven for %d ms still%n",
            review, deleted.singular(), provenFor(attestor, token).toMillis());
      }
    }
  }

  /** The API server hangs, and says so to nobody. */
  @Test
  void attest_apiServerSilent_askedAfterAWhile() throws IOException {
    try (RealCluster cluster = RealCluster.launch();
        KubernetesAttestor attestor = attestor(cluster, Review.LOCAL)) {
      cluster.createNode("node-1");
      BearerToken token = used(cluster, attestor, "cart");
      cluster.server().process().freeze();
      System.out.printf(
          "LOCAL: API server silent, tokens proven for %d ms still%n",
          provenFor(attestor, token).toMillis());
      cluster.server().process().thaw();
    }
  }

  private static KubernetesAttestor attestor(RealCluster cluster, Review review)
      throws IOException {
    return KubernetesAttestor.open(
        List.of(Clusters.cluster("main", cluster.kubeconfig(), review)),
        new TrustDomain("example.org"),
        Duration.ofSeconds(3),
        Clock.systemUTC(),
        System::nanoTime);
  }

  /** A token that has been proven a moment ago, and without a review where that is the way. */
  private static BearerToken used(RealCluster cluster, KubernetesAttestor attestor, String name)
      throws IOException {
    cluster.createServiceAccount(name);
    cluster.createPod(name, name, "node-1");
    var token =
        new BearerToken(
            cluster.token(name, Optional.of(new Bound(Kind.POD, name)), List.of("istio-ca")), "");
    Await.until("all to be known", PATIENCE, () -> attestor.problems().isEmpty());
    assertThat(attestor.attest(token)).isInstanceOf(Proven.class);
    return token;
  }

  /** How long it is proven from now on: up to the beginning of the first try that fails. */
  private static Duration provenFor(KubernetesAttestor attestor, BearerToken token) {
    long start = System.nanoTime();
    var failed = new AtomicLong();
    Await.until(
        "a refusal",
        PATIENCE,
        () -> {
          failed.set(System.nanoTime());
          return !(attestor.attest(token) instanceof Proven);
        });
    return Duration.ofNanos(failed.get() - start);
  }
}
