package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Eventually.eventually;
import static io.signet.attestation.kubernetes.TestCluster.Kind.POD;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestor;
import io.signet.attestation.AttestorContract;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Unavailable;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Review#LOCAL} when something is wrong with the API server, the network or the clock. */
// So that what hangs fails.
@Timeout(120)
class KubernetesAttestorLocalTest extends AttestorContract {

  private static final Duration FRESH = Duration.ofSeconds(10);
  private static final Duration AMPLE = Duration.ofSeconds(30);
  private static final int WATCHES = 3; // of one attestor: pods, service accounts, nodes
  private static final Duration SHORT = Duration.ofMillis(500);

  // Often, so that no test waits, and watches that last until the test ends them.
  private static final ClusterKnowledge.Pace PACE =
      new ClusterKnowledge.Pace(
          new IssuerKeys.Pace(Duration.ofMillis(10), Duration.ofMillis(100), Duration.ofMinutes(1)),
          new ObjectWatch.Pace(
              Duration.ofSeconds(30),
              FRESH,
              Duration.ofSeconds(30),
              Duration.ofMillis(10),
              Duration.ofMillis(50)));

  private final TestClock clock = new TestClock(Instant.now());
  private final AtomicLong nanos = new AtomicLong();
  private final CountDownLatch released = new CountDownLatch(1);
  private final List<AutoCloseable> opened = new ArrayList<>(List.of(released::countDown));
  @TempDir Path directory;
  private FakeCluster cluster;
  private KubernetesAttestor attestor;

  @BeforeEach
  void open() throws IOException {
    cluster = cluster("main");
    attestor = attestor(AMPLE, Optional.empty());
  }

  private FakeCluster cluster(String name) throws IOException {
    var made = new FakeCluster(Files.createDirectory(directory.resolve(name)));
    made.createNode("node-1");
    made.createServiceAccount("web");
    made.createPod("web-1", "web", "node-1");
    opened.add(made);
    return made;
  }

  private KubernetesAttestor attestor(Duration deadline, Optional<FakeCluster> second) {
    List<Cluster> clusters = new ArrayList<>(List.of(local("main", cluster)));
    second.ifPresent(other -> clusters.add(local("west", other)));
    var made =
        KubernetesAttestor.open(
            clusters, new TrustDomain("example.org"), deadline, PACE, clock, nanos::get);
    opened.add(made);
    return made;
  }

  private static Cluster local(String id, FakeCluster cluster) {
    return Clusters.cluster(id, cluster.kubeconfig(), Review.LOCAL);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Override
  protected Attestor attestor() {
    return attestor;
  }

  @Override
  protected Evidence good() {
    return bearer(token());
  }

  @Override
  protected SpiffeId identity() {
    return SpiffeId.parse("spiffe://example.org/ns/shop/sa/web");
  }

  @Override
  protected Evidence garbage(Random random) {
    return bearer(noise(random, "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"));
  }

  private String token() {
    return cluster.token("web", Optional.of(new Bound(POD, "web-1")), List.of("istio-ca"));
  }

  private static Evidence bearer(String token) {
    return new BearerToken(token, "main");
  }

  private void awaitKnowledge() throws InterruptedException {
    eventually("all to be known", () -> attestor.problems().isEmpty());
  }

  /** Proven, and by whom. */
  private boolean isProvenUnasked(String token) {
    long before = cluster.reviews();
    Attestation answer = attestor.attest(bearer(token));
    return answer instanceof Proven && cluster.reviews() == before;
  }

  @Test
  void attest_manyTokens_noReview() throws Exception {
    awaitKnowledge();
    for (int i = 0; i < 100; i++) {
      assertThat(attestor.attest(bearer(token()))).isInstanceOf(Proven.class);
    }
    assertThat(cluster.reviews()).isZero();
  }

  // Nobody waits for what is not known yet.
  @Test
  void attest_beforeAnythingIsKnown_reviewed() {
    cluster.interfere((_, request) -> {
      if (request.startsWith("GET")) {
        released.await();
      }
      return false;
    });
    var early = attestor(AMPLE, Optional.empty());
    assertThat(early.attest(bearer(token()))).isInstanceOf(Proven.class);
    assertThat(early.problems())
        .singleElement()
        .asString()
        .startsWith("cluster main: each token is reviewed by the API server")
        .contains("keys: ", "pods: ", "serviceaccounts: ", "nodes: ");
  }

  @Test
  void attest_apiServerDownAtStart_unavailableAndLocalByItselfOnceItIsUp() throws Exception {
    cluster.interfere((exchange, _) -> {
      if (released.getCount() > 0) {
        FakeApiServer.respond(exchange, 503, "");
        return true;
      }
      return false;
    });
    attestor = attestor(AMPLE, Optional.empty());
    assertThat(attestor.attest(bearer(token())))
        .isInstanceOfSatisfying(
            Unproven.class, u -> assertThat(u.refusal()).isInstanceOf(Unavailable.class));

    released.countDown();
    String token = token();
    eventually("a proof without a review", () -> isProvenUnasked(token));
    awaitKnowledge();
  }

  // Ends the watches; from now on these requests wait until they are released. Returns once so
  // many watches were asked for anew.
  private void hang(int watches, Predicate<String> requests) throws InterruptedException {
    var hanging = new CountDownLatch(watches);
    cluster.interfere((_, request) -> {
      if (isWatch(request)) {
        hanging.countDown();
      }
      if (requests.test(request)) {
        released.await();
      }
      return false;
    });
    cluster.endWatches();
    hanging.await();
  }

  private static boolean isWatch(String request) {
    return request.contains("watch=true");
  }

  // What is known counts for ten seconds; then it is the API server's turn, which is not there.
  @Test
  void attest_apiServerHangs_provenWhileFreshThenUnavailableWithinTheDeadline() throws Exception {
    attestor = attestor(SHORT, Optional.empty());
    awaitKnowledge();
    String token = token();
    hang(2 * WATCHES, _ -> true); // of two attestors

    assertThat(isProvenUnasked(token)).isTrue();
    nanos.addAndGet(FRESH.toNanos() + 1);
    // That this returns at all, while the server is still waiting, is the point.
    assertThat(attestor.attest(bearer(token)))
        .isInstanceOfSatisfying(
            Unproven.class, u -> assertThat(u.refusal()).isInstanceOf(Unavailable.class));
    assertThat(released.getCount()).isOne();
    assertThat(attestor.problems()).hasSize(2).allMatch(p -> p.startsWith("cluster main: "));

    released.countDown();
    eventually("a proof without a review", () -> isProvenUnasked(token));
  }

  // Its rights are taken away, or it is too busy: tokens are judged by it as with `review: api`.
  @ParameterizedTest
  @ValueSource(ints = {403, 429, 500})
  void attest_watchesRefused_reviewedUntilTheyWorkAgain(int code) throws Exception {
    awaitKnowledge();
    cluster.interfere((exchange, request) -> {
      if (request.startsWith("GET") && released.getCount() > 0) {
        FakeApiServer.respond(exchange, code, Reviews.status(code, "No", "not now"));
        return true;
      }
      return false;
    });
    cluster.endWatches();
    eventually(
        "the reason",
        () -> {
          nanos.addAndGet(FRESH.toNanos());
          return attestor.problems().toString().contains("pods: ")
              && attestor.problems().toString().contains("HTTP " + code + ": not now");
        });

    assertThat(attestor.attest(bearer(token()))).isInstanceOf(Proven.class);
    assertThat(cluster.reviews()).isOne();

    released.countDown();
    String token = token();
    eventually("a proof without a review", () -> isProvenUnasked(token));
  }

  @Test
  void attest_podDeletedWhileNobodyTellsUs_refusedOnceItIsKnownOrNoLongerFresh() throws Exception {
    awaitKnowledge();
    String token = token();
    hang(WATCHES, KubernetesAttestorLocalTest::isWatch);
    cluster.delete(POD, "web-1");

    // As old as what the API server's own cache may answer, and no older.
    nanos.addAndGet(FRESH.toNanos());
    assertThat(isProvenUnasked(token)).isTrue();
    nanos.addAndGet(1);
    assertThat(attestor.attest(bearer(token)))
        .isInstanceOfSatisfying(
            Unproven.class, u -> assertThat(u.refusal()).isInstanceOf(Invalid.class));
  }

  @Test
  void attest_keysRotated_newTokensProvenAtOnceAndOldOnesRefused() throws Exception {
    awaitKnowledge();
    String old = token();
    cluster.rotateKey();
    String rotated = token();

    assertThat(attestor.attest(bearer(rotated))).isInstanceOf(Proven.class);
    eventually("a proof without a review", () -> isProvenUnasked(rotated));
    assertThat(attestor.attest(bearer(old)))
        .isInstanceOfSatisfying(
            Unproven.class, u -> assertThat(u.refusal()).isInstanceOf(Invalid.class));
  }

  // A clock that is wrong makes calls; it refuses nobody, and what is fresh does not depend on it.
  @ParameterizedTest
  @ValueSource(ints = {-24, 24})
  void attest_clockJumps_reviewedAndByUsAgainWhenItIsBack(int hours) throws Exception {
    awaitKnowledge();
    clock.advance(Duration.ofHours(hours));
    String token = token();
    assertThat(isProvenUnasked(token)).isFalse();
    assertThat(attestor.attest(bearer(token))).isInstanceOf(Proven.class);

    clock.advance(Duration.ofHours(-hours));
    assertThat(isProvenUnasked(token)).isTrue();
  }

  // One cluster's outage never touches the others.
  @Test
  void attest_oneClusterHangs_theOtherIsJudgedWithoutAReview() throws Exception {
    FakeCluster west = cluster("west");
    attestor = attestor(AMPLE, Optional.of(west));
    awaitKnowledge();
    hang(2 * WATCHES, _ -> true); // of two attestors
    nanos.addAndGet(FRESH.toNanos() + 1);
    String token = west.token("web", Optional.empty(), List.of("istio-ca"));
    eventually(
        "west to be known again",
        () ->
            attestor.attest(new BearerToken(token, "west")) instanceof Proven
                && attestor.problems().stream().noneMatch(p -> p.contains("cluster west")));

    long before = west.reviews();
    assertThat(attestor.attest(new BearerToken(token, "west"))).isInstanceOf(Proven.class);
    assertThat(west.reviews()).isEqualTo(before);
    assertThat(attestor.problems()).isNotEmpty().allMatch(p -> p.startsWith("cluster main: "));
  }

  // A token is of the cluster that it is shown for, or of none.
  @Test
  void attest_tokenOfAnotherCluster_invalid() throws Exception {
    FakeCluster west = cluster("west");
    attestor = attestor(AMPLE, Optional.of(west));
    awaitKnowledge();
    assertThat(attestor.attest(new BearerToken(token(), "west")))
        .isInstanceOfSatisfying(
            Unproven.class, u -> assertThat(u.refusal()).isInstanceOf(Invalid.class));
    assertThat(attestor.attest(new BearerToken(token(), ""))).isInstanceOf(Proven.class);
  }
}
