package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Reviews.EXPIRY;
import static io.signet.attestation.kubernetes.Reviews.TOKEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestor;
import io.signet.attestation.AttestorContract;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Refusal;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Unavailable;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesAttestorTest extends AttestorContract {

  private static final TrustDomain TRUST_DOMAIN = new TrustDomain("example.org");
  private static final SpiffeId WEB = SpiffeId.parse("spiffe://example.org/ns/default/sa/web");
  private static final Evidence GOOD = new BearerToken(TOKEN, "Kubernetes");
  private static final Duration AMPLE = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);

  private final TestClock clock = new TestClock(Instant.parse("2026-11-23T12:00:00Z"));
  private final AtomicLong nanos = new AtomicLong();
  private final FakeApiServer server = new FakeApiServer();
  private final List<AutoCloseable> opened = new ArrayList<>(List.of(server));

  @TempDir Path directory;
  private Path kubeconfig;
  private KubernetesAttestor attestor;

  @BeforeEach
  void open() {
    server.behave((exchange, review) ->
        FakeApiServer.respond(
            exchange,
            201,
            TOKEN.equals(review.getSpec().getToken()) ? Reviews.good() : Reviews.refused()));
    kubeconfig = server.kubeconfig(directory, "token: our-own");
    attestor = open(AMPLE, cluster("Kubernetes", kubeconfig, "east"));
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
    return GOOD;
  }

  @Override
  protected SpiffeId identity() {
    return WEB;
  }

  @Override
  protected Evidence garbage(Random random) {
    String clusterId = random.nextInt(10) == 0 ? noise(random, "Kubernetes") : "Kubernetes";
    return new BearerToken(noise(random, TOKEN), clusterId);
  }

  // K8S-6, K8S-7, K8S-8, ISTIO-94: a review that names the pod.
  @Test
  void attest_goodToken_provenWithPodAndExpiry() {
    assertThat(attestor.attest(GOOD))
        .isEqualTo(
            new Proven(
                new ServiceAccount(
                    WEB,
                    Optional.of(EXPIRY),
                    "Kubernetes",
                    "default",
                    "web",
                    Optional.of(
                        new Pod("web-7d4b9c-x2x7p", "0c6f7a39-6d35-43a5-9b83-0e6a3e7e0f4b")))));
    assertThat(proof().instance()).isEqualTo("0c6f7a39-6d35-43a5-9b83-0e6a3e7e0f4b");
  }

  // K8S-1
  @Test
  void attest_oneToken_oneReviewWithItsAudience() {
    assertProven();

    assertThat(server.seen())
        .singleElement()
        .satisfies(seen -> {
          assertThat(seen.request()).isEqualTo("POST /apis/authentication.k8s.io/v1/tokenreviews");
          assertThat(seen.authorization()).isEqualTo("Bearer our-own");
          assertThat(seen.review().getSpec().getToken()).isEqualTo(TOKEN);
          assertThat(seen.review().getSpec().getAudiences()).containsExactly("istio-ca");
          assertThat(seen.body())
              .contains("\"kind\":\"TokenReview\"", "\"apiVersion\":\"authentication.k8s.io/v1\"");
        });
  }

  // K8S-55: it is the API server that caches; a cache of ours would add to its 10 s.
  @Test
  void attest_sameTokenTwice_reviewedTwice() {
    assertProven();
    assertProven();
    assertThat(server.seen()).hasSize(2);
  }

  // ISTIO-15
  @Test
  void attest_spacesAfterTheToken_tolerated() {
    assertThat(attestor.attest(new BearerToken(TOKEN + "  ", ""))).isInstanceOf(Proven.class);
  }

  record Wrong(String what, String status, String detail) {
    @Override
    public String toString() {
      return what;
    }
  }

  static List<Wrong> wrongReviews() {
    return List.of(
        // K8S-2
        new Wrong(
            "ISTIO-94: error", "\"error\": \"expired\"", "refused by the API server: expired"),
        new Wrong(
            "error although authenticated",
            "\"authenticated\": true, \"error\": \"odd\"",
            "refused by the API server: odd"),
        new Wrong("ISTIO-94: authenticated false", "\"authenticated\": false", "not authenticated"),
        new Wrong("authenticated absent", "\"user\": {}", "not authenticated"),
        // K8S-3, K8S-4. Istiod looks at no audience of a review; without one we cannot know that it
        // was checked.
        new Wrong(
            "ISTIO-94: no audiences", user("a", "b", ""), "audience: [] (expected: with istio-ca)"),
        new Wrong(
            "other audience",
            user("a", "b", "\"https://kubernetes.default.svc\""),
            "audience: [https://kubernetes.default.svc]"),
        new Wrong(
            "no user", "\"authenticated\": true, \"audiences\": [\"istio-ca\"]", "groups: []"),
        // K8S-5
        new Wrong(
            "no groups",
            user("system:serviceaccount:default:web", "system:authenticated", "\"istio-ca\""),
            "groups: [system:authenticated] (expected: with system:serviceaccounts)"),
        new Wrong(
            "ISTIO-94: the group of a namespace only",
            user(
                "system:serviceaccount:default:web",
                "system:serviceaccounts:default",
                "\"istio-ca\""),
            "groups: [system:serviceaccounts:default]"),
        // K8S-6
        new Wrong(
            "ISTIO-94: 3 parts",
            account("system:serviceaccount:web"),
            "user: \"system:serviceacco"),
        new Wrong("5 parts", account("system:serviceaccount:a:b:c"), "user: \"system:serviceacco"),
        new Wrong("a node", account("system:node:node-1:x"), "user: \"system:node:node-1:x\""),
        new Wrong("no name", account("system:serviceaccount:a:"), "service account: \"\""),
        new Wrong("path", account("system:serviceaccount:a/../b:c"), "namespace: \"a/../b\""),
        // The API server may quote the token; our log must not.
        new Wrong("token quoted", "\"error\": \"bad <" + TOKEN + ">\"", "bad <[token]>"));
  }

  private static String account(String username) {
    return user(username, "system:serviceaccounts", "\"istio-ca\"");
  }

  private static String user(String username, String group, String audiences) {
    return """
    "authenticated": true, "user": {"username": "%s", "groups": ["%s"]}, "audiences": [%s]
    """
        .formatted(username, group, audiences);
  }

  @ParameterizedTest
  @MethodSource("wrongReviews")
  void attest_reviewProvesNoAccount_invalid(Wrong wrong) {
    server.answer(201, Reviews.review(wrong.status()));

    assertThat(refusal(attestor.attest(GOOD)))
        .isInstanceOf(Invalid.class)
        .satisfies(
            refusal -> assertThat(refusal.detail()).contains(wrong.detail()).doesNotContain(TOKEN));
    // An answer about a token is not a problem of ours, and there is no second try (K8S-4).
    assertThat(attestor.problems()).isEmpty();
    assertThat(server.seen()).hasSize(1);
  }

  // K8S-7, ISTIO-94: such as a token made with `kubectl create token`.
  @Test
  void attest_noPodExtras_provenWithoutPod() {
    server.answer(201, Reviews.review(account("system:serviceaccount:default:web")));
    assertThat(proof().pod()).isEmpty();
    assertThat(proof().instance()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"exp\":\"soon\"}", "no json", "[]", "{\"exp\":"})
  void attest_expiryAbsentOrUnreadable_provenWithoutEnd(String payload) {
    assertProvenWithoutEnd(Reviews.token(payload));
  }

  @Test
  void attest_headerNull_provenWithoutEnd() {
    assertProvenWithoutEnd("bnVsbA.e30.AA");
  }

  private void assertProvenWithoutEnd(String token) {
    server.answer(201, Reviews.good());
    assertThat(attestor.attest(new BearerToken(token, "")))
        .asInstanceOf(type(Proven.class))
        .extracting(proven -> proven.proof().until())
        .isEqualTo(Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".", "..", "a.b", "a.b.", ".b.c", "a.b.c.d", "a b.c.d", "a.b\n.c", "é.b.c", "a=.b.c"
      })
  void attest_noJwt_invalidWithoutReview(String token) {
    assertThat(refusal(attestor.attest(new BearerToken(token, "")))).isInstanceOf(Invalid.class);
    assertThat(server.seen()).isEmpty();
  }

  @Test
  void attest_longerThan16KiB_invalidWithoutReview() {
    String token = "a.b." + "c".repeat(16 * 1024 - 3);
    assertThat(refusal(attestor.attest(new BearerToken(token, ""))))
        .isEqualTo(new Invalid("16385 characters (expected: at most 16384)"));
    assertThat(server.seen()).isEmpty();
  }

  record Broken(int code, String body, String detail) {
    @Override
    public String toString() {
      return code + " " + detail;
    }
  }

  static List<Broken> brokenAnswers() {
    String forbidden =
        "tokenreviews.authentication.k8s.io is forbidden: User \\\"system:anonymous\\\" cannot";
    return List.of(
        new Broken(401, Reviews.status(401, "Unauthorized", "Unauthorized"), "401: Unauthorized"),
        new Broken(403, Reviews.status(403, "Forbidden", forbidden), "403: tokenreviews."),
        new Broken(409, Reviews.status(409, "Conflict", "conflict"), "409: conflict"),
        new Broken(429, Reviews.status(429, "TooManyRequests", "slow down"), "429: slow down"),
        new Broken(500, Reviews.status(500, "InternalError", "etcd"), "500: etcd"),
        new Broken(500, "<html>oops</html>", "HTTP 500"),
        new Broken(400, Reviews.status(400, "BadRequest", "bad " + TOKEN), "400: bad [token]"),
        new Broken(503, "", "HTTP 503"),
        new Broken(307, "", "HTTP 307"),
        new Broken(404, "404 page not found\n", "HTTP 404"),
        new Broken(201, "", "no TokenReview"),
        new Broken(200, "null", "no TokenReview"),
        new Broken(201, "[]", "no TokenReview"),
        new Broken(201, "{\"kind\": \"TokenReview\"", "no TokenReview"),
        new Broken(201, "{\"status\": {\"authenticated\": {}}}", "no TokenReview"),
        new Broken(201, Reviews.status(201, "", "a status"), "no TokenReview"),
        new Broken(201, "{\"spec\": {\"token\": \"" + TOKEN + "\"}}", "no TokenReview"),
        new Broken(201, "<" + TOKEN + ">", "no TokenReview"));
  }

  // Whatever is wrong with the API server or with our own access to it: the token may be good.
  @ParameterizedTest
  @MethodSource("brokenAnswers")
  void attest_noReview_unavailableWithUrlAndStatus(Broken broken) {
    server.behave((exchange, _) -> {
      exchange.getResponseHeaders().set("Location", "/elsewhere");
      exchange.getResponseHeaders().set("Retry-After", "60");
      FakeApiServer.respond(exchange, broken.code(), broken.body());
    });

    assertUnavailable(attestor, server.url() + "/apis/authentication.k8s.io/", broken.detail());
    assertThat(attestor.problems())
        .singleElement()
        .satisfies(p -> assertThat(p).contains(broken.detail()).doesNotContain(TOKEN));
    // No redirect followed, no hidden retry; on 401 fabric8 asks for our own token once more.
    assertThat(server.seen()).hasSize(broken.code() == 401 ? 2 : 1);
  }

  @Test
  void attest_serverHangs_unavailableWithinTheDeadline() {
    var released = new CountDownLatch(1);
    opened.add(released::countDown);
    server.behave((_, _) -> released.await());

    // That this returns at all, while the server is still waiting, is the point.
    assertUnavailable(open(SHORT, cluster("Kubernetes", kubeconfig)), "no answer within ");
    assertThat(released.getCount()).isOne();
  }

  @Test
  void attest_bodyStalls_unavailableWithinTheDeadline() {
    var released = new CountDownLatch(1);
    opened.add(released::countDown);
    server.behave((exchange, _) -> {
      exchange.sendResponseHeaders(201, 1000);
      exchange.getResponseBody().write('{');
      exchange.getResponseBody().flush();
      released.await();
    });

    assertUnavailable(open(SHORT, cluster("Kubernetes", kubeconfig)), "no answer within ");
    assertThat(released.getCount()).isOne();
  }

  @Test
  void attest_connectionRefused_unavailable() {
    server.close();
    assertUnavailable(attestor, server.url(), "ConnectException");
  }

  @Test
  void attest_connectionCut_unavailable() {
    server.behave((exchange, _) -> exchange.close());
    assertUnavailable(attestor, server.url());
  }

  @Test
  void attest_callerInterrupted_unavailableAndStillInterrupted() {
    Thread.currentThread().interrupt();
    assertUnavailable(attestor, "interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  // K8S-26: a client limited to 5 or 10 would never bring all of them here together.
  @Test
  void attest_fiftyTokensAtOnce_overlapOnTheServer() throws Exception {
    var all = new CountDownLatch(50);
    server.behave((exchange, _) -> {
      all.countDown();
      all.await();
      FakeApiServer.respond(exchange, 201, Reviews.good());
    });

    assertThat(together(50, i -> bearer(Reviews.token("{\"exp\":" + i + "}"))))
        .allMatch(Proven.class::isInstance);
  }

  /** From now on reviews are good, and answered once they are released. */
  private final class HeldReviews {
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);

    HeldReviews() {
      server.behave((exchange, _) -> {
        asked.countDown();
        released.await();
        FakeApiServer.respond(exchange, 201, Reviews.good());
      });
    }
  }

  @Test
  void attest_sameTokenAtOnce_shareOneReviewThatIsNotKept() throws Exception {
    var reviews = new HeldReviews();

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Attestation>> answers = new ArrayList<>();
      answers.add(threads.submit(() -> attestor.attest(GOOD)));
      reviews.asked.await();
      var begun = new CountDownLatch(49);
      for (int i = 0; i < 49; i++) {
        answers.add(
            threads.submit(() -> {
              begun.countDown();
              return attestor.attest(GOOD);
            }));
      }
      begun.await();
      reviews.released.countDown();
      for (Future<Attestation> answer : answers) {
        assertThat(answer.get(60, TimeUnit.SECONDS)).isInstanceOf(Proven.class);
      }
    }
    // Who had begun, but not yet joined when the answer came, has one of its own.
    int shared = server.seen().size();
    assertThat(shared).isLessThan(50);

    assertProven();
    assertThat(server.seen()).hasSize(shared + 1);
  }

  @Test
  void attest_oneOfThoseWhoShareIsInterrupted_theOthersAreAnswered() throws Exception {
    var reviews = new HeldReviews();

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Attestation> first = threads.submit(() -> attestor.attest(GOOD));
      reviews.asked.await();
      Future<Attestation> second = threads.submit(() -> attestor.attest(GOOD));
      first.cancel(true);
      reviews.released.countDown();
      assertThat(second.get(60, TimeUnit.SECONDS)).isInstanceOf(Proven.class);
    }
  }

  // A burst as large as one second's worth, and no wait that the deadline has no time for.
  @Test
  void attest_moreThanTheRate_unavailableAtOnceWithoutReview() {
    var limited = open(Duration.ofMillis(2_900), limited("Kubernetes", OptionalInt.of(1)));

    assertThat(limited.attest(GOOD)).isInstanceOf(Proven.class);
    assertUnavailable(limited, "more than review-rate allows");
    assertThat(server.seen()).hasSize(1);
    assertThat(limited.problems()).singleElement().asString().contains("review-rate");

    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(limited.attest(GOOD)).isInstanceOf(Proven.class);
  }

  private Cluster limited(String id, OptionalInt perSecond) {
    return new Cluster(
        id, Set.of(), "istio-ca", Optional.of(kubeconfig), Review.API, perSecond, Set.of());
  }

  // One cluster's outage never touches the others: this returns while the first one still hangs.
  @Test
  void attest_oneClusterHangs_theOtherIsAnsweredAtOnce() throws Exception {
    var hanging = new CountDownLatch(1);
    opened.add(hanging::countDown);
    var asked = new CountDownLatch(1);
    server.behave((_, _) -> {
      asked.countDown();
      hanging.await();
    });
    var west = new FakeApiServer();
    opened.add(west);
    west.answer(201, Reviews.good());
    var both =
        open(
            Duration.ofSeconds(3),
            cluster("Kubernetes", kubeconfig),
            cluster("west", west.kubeconfig(Files.createDirectory(directory.resolve("w")), "")));

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Attestation> stuck = threads.submit(() -> both.attest(GOOD));
      asked.await();
      assertThat(both.attest(new BearerToken(TOKEN, "west"))).isInstanceOf(Proven.class);
      assertThat(stuck.isDone()).isFalse();
      assertThat(refusal(stuck.get())).isInstanceOf(Unavailable.class);
    }
    assertThat(both.problems()).singleElement().asString().startsWith("cluster Kubernetes: ");
  }

  private List<Attestation> together(int callers, IntFunction<Evidence> evidence) throws Exception {
    List<Attestation> all = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Attestation>> answers =
          IntStream.range(0, callers)
              .mapToObj(i -> threads.submit(() -> attestor.attest(evidence.apply(i))))
              .toList();
      for (Future<Attestation> answer : answers) {
        all.add(answer.get(60, TimeUnit.SECONDS));
      }
    }
    return all;
  }

  private static Evidence bearer(String token) {
    return new BearerToken(token, "Kubernetes");
  }

  // K8S-9, ISTIO-94: the local cluster, by its id and by its alias.
  @ParameterizedTest
  @ValueSource(strings = {"", "Kubernetes", "east"})
  void attest_ownIdAliasOrNone_localCluster(String clusterId) {
    assertThat(attestor.attest(new BearerToken(TOKEN, clusterId)))
        .asInstanceOf(type(Proven.class))
        .extracting(proven -> ((ServiceAccount) proven.proof()).cluster())
        .isEqualTo("Kubernetes");
  }

  // ISTIO-94: a cluster that nobody knows.
  @Test
  void attest_unknownCluster_invalidNamingTheKnown() {
    assertThat(refusal(attestor.attest(new BearerToken(TOKEN, "west"))))
        .isEqualTo(new Invalid("cluster id: none of [Kubernetes, east]: \"west\""));
    assertThat(server.seen()).isEmpty();
  }

  // ISTIO-94: a remote cluster, by its id and by its alias.
  @ParameterizedTest
  @ValueSource(strings = {"west", "occident"})
  void attest_secondCluster_asksItsOwnApiServer(String clusterId) throws Exception {
    var west = new FakeApiServer();
    opened.add(west);
    west.answer(201, Reviews.good());
    Path own = Files.createDirectory(directory.resolve("west"));
    var both =
        open(
            AMPLE,
            cluster("Kubernetes", kubeconfig),
            cluster("west", west.kubeconfig(own, "token: western"), "occident"));

    assertThat(both.attest(new BearerToken(TOKEN, clusterId)))
        .asInstanceOf(type(Proven.class))
        .extracting(proven -> ((ServiceAccount) proven.proof()).cluster())
        .isEqualTo("west");
    assertThat(server.seen()).isEmpty();
    assertThat(west.seen())
        .singleElement()
        .matches(s -> s.authorization().equals("Bearer western"));
  }

  @Test
  void open_clustersThatShareANameOrNone_refused() {
    assertThatThrownBy(() -> open(AMPLE)).hasMessageContaining("at least one");
    assertThatThrownBy(() -> open(AMPLE, cluster("a", kubeconfig, "b"), cluster("b", kubeconfig)))
        .hasMessage("cluster b: \"b\" is taken (expected: ids and aliases that differ)");
  }

  // K8S-4: an empty audience would mean the API server's own.
  @Test
  void cluster_emptyText_refused() {
    assertThatThrownBy(() -> cluster("a", Set.of(), "", OptionalInt.empty()))
        .hasMessageContaining("audience of cluster a");
    assertThatThrownBy(() -> cluster("", Set.of(), "istio-ca", OptionalInt.empty()))
        .hasMessageContaining("cluster");
    assertThatThrownBy(() -> cluster("a", Set.of(" "), "istio-ca", OptionalInt.empty()))
        .hasMessageContaining("alias of cluster a");
    assertThatThrownBy(() -> cluster("a", Set.of(), "istio-ca", OptionalInt.of(0)))
        .hasMessage("reviews of cluster a: 0 a second (expected: at least 1)");
  }

  private static Cluster cluster(
      String id, Set<String> aliases, String audience, OptionalInt perSecond) {
    return new Cluster(id, aliases, audience, Optional.empty(), Review.API, perSecond, Set.of());
  }

  @Test
  void problem_lastReviewFailed_toldUntilTheNextOrHalfAMinute() {
    assertThat(attestor.problems()).isEmpty();
    server.answer(503, "");
    assertUnavailable(attestor, "HTTP 503");
    assertThat(attestor.problems())
        .singleElement()
        .satisfies(p -> assertThat(p).startsWith("cluster Kubernetes: ").contains("503", "check"));

    nanos.addAndGet(Duration.ofSeconds(31).toNanos());
    assertThat(attestor.problems()).isEmpty();

    assertUnavailable(attestor, "HTTP 503");
    server.answer(201, Reviews.good());
    assertProven();
    assertThat(attestor.problems()).isEmpty();
  }

  private void assertProven() {
    assertThat(attestor.attest(GOOD)).isInstanceOf(Proven.class);
  }

  private ServiceAccount proof() {
    return (ServiceAccount)
        assertThat(attestor.attest(GOOD)).asInstanceOf(type(Proven.class)).actual().proof();
  }

  private static void assertUnavailable(KubernetesAttestor attestor, String... details) {
    assertThat(refusal(attestor.attest(GOOD)))
        .isInstanceOf(Unavailable.class)
        .satisfies(refusal -> assertThat(refusal.detail()).contains(details).doesNotContain(TOKEN));
  }

  private static Refusal refusal(Attestation attestation) {
    return assertThat(attestation).asInstanceOf(type(Unproven.class)).actual().refusal();
  }

  private static Cluster cluster(String id, Path kubeconfig, String... aliases) {
    return new Cluster(
        id,
        Set.of(aliases),
        "istio-ca",
        Optional.of(kubeconfig),
        Review.API,
        OptionalInt.empty(),
        Set.of());
  }

  private KubernetesAttestor open(Duration deadline, Cluster... clusters) {
    var attestor =
        KubernetesAttestor.open(Arrays.asList(clusters), TRUST_DOMAIN, deadline, clock, nanos::get);
    opened.add(attestor);
    return attestor;
  }
}
