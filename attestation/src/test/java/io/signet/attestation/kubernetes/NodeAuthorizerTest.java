package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.FakePod.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Refusal;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Unavailable;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ISTIO-49 to ISTIO-60, in the places of ISTIO-93's cases and around them. */
class NodeAuthorizerTest {

  private static final TrustDomain DOMAIN = new TrustDomain("example.org");
  private static final ServiceAccountName ZTUNNEL =
      new ServiceAccountName("istio-system", "ztunnel");
  private static final ServiceAccount CALLER =
      new ServiceAccount(
          ZTUNNEL.in(DOMAIN),
          Optional.of(Instant.parse("2026-11-23T13:00:00Z")),
          "main",
          "istio-system",
          "ztunnel",
          Optional.of(new Pod("ztunnel-a", "uid-a")));
  private static final FakePod ZTUNNEL_POD =
      running("istio-system", "ztunnel-a", "ztunnel", "node-1").uid("uid-a");
  private static final FakePod CART = running("shop", "cart-1", "cart", "node-1");
  private static final String CART_ID = "spiffe://example.org/ns/shop/sa/cart";

  private static final String LIST =
      "GET /api/v1/namespaces/shop/pods?fieldSelector=spec.nodeName=node-1,"
          + "spec.serviceAccountName=cart,status.phase!=Succeeded,status.phase!=Failed&limit=100";

  private static final Duration AMPLE = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);

  private final TestClock clock = new TestClock(Instant.parse("2026-11-23T12:00:00Z"));
  private final List<Rule> denials = new CopyOnWriteArrayList<>();
  private final FakePodServer server = new FakePodServer();
  private final List<AutoCloseable> opened = new ArrayList<>(List.of(server));

  @TempDir Path directory;
  private NodeAuthorizer authorizer;

  @BeforeEach
  void open() {
    server.have(List.of(ZTUNNEL_POD, CART));
    authorizer = open(AMPLE, trusted("main", server, ZTUNNEL));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  // ISTIO-12, ISTIO-56
  @Test
  void impersonate_workloadOfItsNode_provenWithWhoAsks() {
    assertThat(authorizer.impersonate(CALLER, CART_ID))
        .isEqualTo(new Proven(new Impersonated(SpiffeId.parse(CART_ID), CALLER)));
    assertThat(new Impersonated(SpiffeId.parse(CART_ID), CALLER).until()).isEqualTo(CALLER.until());
    assertThat(denials).isEmpty();
  }

  // Its pod is read from the API server's store, and the pods of its node from what it last saw.
  @Test
  void impersonate_allowed_twoQuestionsAndNoMoreOfTheAnswerThanNeeded() {
    assertAllowed(CART_ID);

    assertThat(server.seen())
        .containsExactly(
            "GET /api/v1/namespaces/istio-system/pods/ztunnel-a", LIST + "&resourceVersion=0");
  }

  // ISTIO-60: nobody is denied by what the API server has seen last, but by what is stored.
  @Test
  void impersonate_notSeenYet_storeAskedBeforeItIsDenied() {
    server.have(List.of(ZTUNNEL_POD));
    server.haveNotSeen(CART);

    assertAllowed(CART_ID);
    assertThat(server.seen()).last().isEqualTo(LIST);

    server.have(List.of(ZTUNNEL_POD));
    assertDenied(authorizer.impersonate(CALLER, CART_ID), Rule.NODE, "shop/cart");
    assertThat(server.seen()).last().isEqualTo(LIST);
  }

  /** One thing that is not as it should be, and the rule that it breaks; none: it breaks none. */
  record Case(
      String what,
      Proof caller,
      String identity,
      @Nullable Rule broken,
      String detail,
      FakePod... pods) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Case allowed(String what, FakePod... pods) {
    return new Case(what, CALLER, CART_ID, null, "", pods);
  }

  private static Case denied(String what, Rule broken, String detail, FakePod... pods) {
    return new Case(what, CALLER, CART_ID, broken, detail, pods);
  }

  private static Case caller(String what, Proof caller, Rule broken, String detail) {
    return new Case(what, caller, CART_ID, broken, detail, ZTUNNEL_POD, CART);
  }

  private static Case identity(String identity, Rule broken, String detail) {
    return new Case("\"" + identity + "\"", CALLER, identity, broken, detail, ZTUNNEL_POD, CART);
  }

  static List<Case> pods() {
    return List.of(
        denied(
            "ISTIO-93: no pod of the workload",
            Rule.NODE,
            "no live pod of shop/cart on node-1",
            ZTUNNEL_POD),
        allowed("ISTIO-93: on the node", ZTUNNEL_POD, CART),
        denied("ISTIO-93: on another node", Rule.NODE, "node-1", ZTUNNEL_POD, CART.node("node-2")),
        allowed(
            "ISTIO-93: on both", ZTUNNEL_POD, CART, running("shop", "cart-2", "cart", "node-2")),
        denied("other account", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.account("bank")),
        denied(
            "other namespace",
            Rule.NODE,
            "shop/cart",
            ZTUNNEL_POD,
            running("bank", "cart-1", "cart", "node-1")),
        denied("static pod", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.account("")),
        denied("not scheduled", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.node("")),
        // ISTIO-58
        denied("completed", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.phase("Succeeded")),
        denied("failed", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.phase("Failed")),
        denied("terminating", Rule.NODE, "shop/cart", ZTUNNEL_POD, CART.ending()),
        allowed("pending", ZTUNNEL_POD, CART.phase("Pending")),
        allowed("unknown", ZTUNNEL_POD, CART.phase("Unknown")),
        allowed("no phase yet", ZTUNNEL_POD, CART.phase("")),
        denied(
            "pending, and to be deleted",
            Rule.NODE,
            "shop/cart",
            ZTUNNEL_POD,
            CART.phase("Pending").ending()),
        allowed(
            "one of several lives",
            ZTUNNEL_POD,
            CART.ending(),
            running("shop", "cart-2", "cart", "node-1").phase("Failed"),
            running("shop", "cart-3", "cart", "node-1")),
        // ISTIO-53 to ISTIO-55
        denied(
            "ISTIO-93: caller's pod is gone",
            Rule.POD,
            "istio-system/ztunnel-a does not exist",
            CART),
        denied("of another namespace", Rule.POD, "ztunnel-a", in("other", ZTUNNEL_POD), CART),
        denied(
            "ISTIO-93: made anew, with another UID",
            Rule.POD_UID,
            "istio-system/ztunnel-a is uid-b now, the token's was uid-a",
            ZTUNNEL_POD.uid("uid-b"),
            CART),
        denied(
            "ISTIO-93: with another account",
            Rule.POD_ACCOUNT,
            "istio-system/ztunnel-a runs as \"other\"",
            ZTUNNEL_POD.account("other"),
            CART),
        denied("with no account", Rule.POD_ACCOUNT, "\"\"", ZTUNNEL_POD.account(""), CART),
        // ISTIO-58, for the caller itself.
        denied("caller terminating", Rule.POD_LIVE, "is to end", ZTUNNEL_POD.ending(), CART),
        denied(
            "caller completed", Rule.POD_LIVE, "has ended", ZTUNNEL_POD.phase("Succeeded"), CART),
        denied("caller failed", Rule.POD_LIVE, "has ended", ZTUNNEL_POD.phase("Failed"), CART),
        allowed("caller pending", ZTUNNEL_POD.phase("Pending"), CART),
        // Both without a node, which is not the same one.
        denied(
            "caller on no node",
            Rule.POD_LIVE,
            "is on no node",
            ZTUNNEL_POD.node(""),
            CART.node("")));
  }

  private static FakePod in(String namespace, FakePod pod) {
    return running(namespace, pod.name(), pod.account(), pod.node()).uid(pod.uid());
  }

  static List<Case> callers() {
    return List.of(
        // ISTIO-50, ISTIO-59: the id is the one by which the review was made.
        caller(
            "ISTIO-93: of a cluster that is none of ours any more",
            account("west", "istio-system", "ztunnel"),
            Rule.CLUSTER,
            "only in [main]"),
        // ISTIO-44: who has shown no token of a cluster has no pod and no node.
        caller(
            "local user",
            new LocalUser(SpiffeId.parse("spiffe://example.org/user/jo"), 1, 1),
            Rule.CLUSTER,
            "not a service account"),
        // Nobody passes on what it was lent.
        caller(
            "impersonated itself",
            new Impersonated(ZTUNNEL.in(DOMAIN), CALLER),
            Rule.CLUSTER,
            "not a service account"),
        // ISTIO-51
        caller(
            "other account",
            account("main", "istio-system", "istiod"),
            Rule.ACCOUNT,
            "trusted are only istio-system/ztunnel"),
        caller("other namespace", account("main", "shop", "ztunnel"), Rule.ACCOUNT, "trusted"),
        // K8S-7: such as a token made with `kubectl create token`.
        caller(
            "token bound to no pod",
            new ServiceAccount(
                CALLER.id(), CALLER.until(), "main", "istio-system", "ztunnel", Optional.empty()),
            Rule.POD,
            "the token is bound to none"));
  }

  private static ServiceAccount account(String cluster, String namespace, String name) {
    return new ServiceAccount(
        new ServiceAccountName(namespace, name).in(DOMAIN),
        CALLER.until(),
        cluster,
        namespace,
        name,
        CALLER.pod());
  }

  static List<Case> identities() {
    return List.of(
        // ISTIO-52, ISTIO-16, ISTIO-93: no SPIFFE ID.
        identity("not-spiffe-identity", Rule.IDENTITY, "scheme"),
        identity(" ", Rule.IDENTITY, "scheme"),
        identity("spiffe://example.org", Rule.IDENTITY, "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa"),
        identity("spiffe://example.org/ns/shop", Rule.IDENTITY, "NAMESPACE"),
        identity(CART_ID + "/", Rule.IDENTITY, "trailing"),
        identity(CART_ID + "/x", Rule.IDENTITY, "NAMESPACE"),
        identity("spiffe://example.org/sa/cart/ns/shop", Rule.IDENTITY, "NAMESPACE"),
        identity("spiffe://example.org/NS/shop/sa/cart", Rule.IDENTITY, "NAMESPACE"),
        identity("spiffe://example.org/ns/shop/sa/..", Rule.IDENTITY, "relative"),
        identity("spiffe://example.org/ns/shop/sa/Cart", Rule.IDENTITY, "service account"),
        identity("spiffe://example.org/ns/shop/sa/ca_rt", Rule.IDENTITY, "service account"),
        identity("spiffe://example.org/ns/sh.op/sa/cart", Rule.IDENTITY, "namespace"),
        identity("spiffe://example.org/ns/shop/sa/cart?x", Rule.IDENTITY, "query"),
        identity("spiffe://example.org/ns/shop/sa/cart%2e", Rule.IDENTITY, "percent"),
        identity(CART_ID + " ", Rule.IDENTITY, "character"),
        identity(CART_ID + "\u0000", Rule.IDENTITY, "character"),
        identity(CART_ID + "\n", Rule.IDENTITY, "character"),
        // One name for each request.
        identity(CART_ID + "," + CART_ID, Rule.IDENTITY, "character"),
        // ISTIO-24: the same to us, and not what the proxy compares with.
        identity(
            "SPIFFE://example.org/ns/shop/sa/cart", Rule.IDENTITY, "not written as " + CART_ID),
        identity(
            "spiffe://Example.org/ns/shop/sa/cart", Rule.IDENTITY, "not written as " + CART_ID),
        // ISTIO-57
        identity("spiffe://td/ns/shop/sa/cart", Rule.TRUST_DOMAIN, "td (expected: example.org)"),
        identity("spiffe://example.org.evil/ns/shop/sa/cart", Rule.TRUST_DOMAIN, "evil"),
        identity("spiffe://example/ns/shop/sa/cart", Rule.TRUST_DOMAIN, "expected: example.org"),
        identity(
            "spiffe://example.org,istiod.istio-system.svc,x/ns/shop/sa/cart",
            Rule.IDENTITY,
            "character"),
        identity("spiffe://x@example.org/ns/shop/sa/cart", Rule.IDENTITY, "userinfo"),
        identity("spiffe://example.org:1/ns/shop/sa/cart", Rule.IDENTITY, "port"),
        identity("spiffe:///ns/shop/sa/cart", Rule.IDENTITY, "trust domain"),
        identity("spiffe://example.org/" + "x".repeat(100_000), Rule.IDENTITY, "100021 bytes"));
  }

  @ParameterizedTest
  @MethodSource({"pods", "callers", "identities"})
  void impersonate_oneThingDiffers_asItsRuleSays(Case differs) {
    server.have(Arrays.asList(differs.pods()));

    Attestation attestation = authorizer.impersonate(differs.caller(), differs.identity());

    if (differs.broken() == null) {
      assertThat(attestation).isInstanceOf(Proven.class);
      assertThat(denials).isEmpty();
    } else {
      assertDenied(attestation, differs.broken(), differs.detail());
    }
  }

  // ISTIO-49, ISTIO-93: an empty list.
  @Test
  void impersonate_noTrustedAccounts_denied() {
    assertDenied(open(AMPLE).impersonate(CALLER, CART_ID), Rule.CONFIGURED, "no trusted node");
    denials.clear();
    assertDenied(
        open(AMPLE, trusted("main", server)).impersonate(CALLER, CART_ID),
        Rule.CONFIGURED,
        "no trusted node");
    assertThat(server.seen()).isEmpty();
  }

  // ISTIO-50: what one cluster trusts is trusted there only.
  @Test
  void impersonate_trustedAccountsInAnotherClusterOnly_denied() {
    authorizer = open(AMPLE, trusted("main", server, ZTUNNEL), trusted("west", server));

    assertDenied(
        authorizer.impersonate(account("west", "istio-system", "ztunnel"), CART_ID),
        Rule.CLUSTER,
        "only in [main]");
  }

  // What needs no API server to be denied causes it no work.
  @ParameterizedTest
  @MethodSource({"identities"})
  void impersonate_wrongIdentity_nobodyAsked(Case wrong) {
    assertThat(authorizer.impersonate(CALLER, wrong.identity())).isInstanceOf(Unproven.class);
    assertThat(server.seen()).isEmpty();
  }

  // ISTIO-33: the log has both names and where the caller runs.
  @Test
  void impersonate_denied_detailNamesRuleCallerAndIdentity() {
    assertThat(refusal(authorizer.impersonate(CALLER, "spiffe://td/ns/shop/sa/cart")).detail())
        .isEqualTo(
            "impersonation: rule trust_domain: td (expected: example.org);"
                + " spiffe://example.org/ns/istio-system/sa/ztunnel (cluster main, pod ztunnel-a)"
                + " asks for \"spiffe://td/ns/shop/sa/cart\"");
  }

  // ISTIO-60: nothing is remembered here, so nothing lags.
  @Test
  void impersonate_podsComeAndGo_eachAnswerAsOfNow() {
    server.have(List.of(ZTUNNEL_POD));
    assertDenied(authorizer.impersonate(CALLER, CART_ID), Rule.NODE, "node-1");

    server.have(List.of(ZTUNNEL_POD, CART));
    assertAllowed(CART_ID);

    server.have(List.of(CART));
    denials.clear();
    assertDenied(authorizer.impersonate(CALLER, CART_ID), Rule.POD, "does not exist");
  }

  // ISTIO-93: on the node, in the first cluster and in the second; and a workload of the second
  // for a proxy of the first. Each knows its own pods only.
  @Test
  void impersonate_severalClusters_eachAskedAboutItsOwn() {
    FakePodServer west = new FakePodServer();
    opened.add(west);
    FakePod bank = running("bank", "bank-1", "bank", "node-1");
    west.have(List.of(ZTUNNEL_POD, bank));
    authorizer = open(AMPLE, trusted("main", server, ZTUNNEL), trusted("west", west, ZTUNNEL));
    ServiceAccount western = account("west", "istio-system", "ztunnel");
    String bankId = "spiffe://example.org/ns/bank/sa/bank";

    assertAllowed(CART_ID);
    assertThat(authorizer.impersonate(western, bankId)).isInstanceOf(Proven.class);
    assertDenied(authorizer.impersonate(CALLER, bankId), Rule.NODE, "bank/bank");
    denials.clear();
    assertDenied(authorizer.impersonate(western, CART_ID), Rule.NODE, "shop/cart");

    west.close();
    assertThat(refusal(authorizer.impersonate(western, bankId))).isInstanceOf(Unavailable.class);
    assertAllowed(CART_ID);
  }

  // Of a hundred that end nothing follows for the next.
  @Test
  void impersonate_morePodsThanAreLookedAt_unavailable() {
    List<FakePod> many = new ArrayList<>(List.of(ZTUNNEL_POD));
    IntStream.range(0, 150)
        .forEach(i -> many.add(running("shop", "cart-" + i, "cart", "node-1").ending()));
    server.have(many);
    server.haveNotSeen(running("shop", "last", "cart", "node-1"));

    assertUnavailable(authorizer, "shop/cart has 100 pods or more on node-1");
  }

  record Broken(int code, String body, String detail) {
    @Override
    public String toString() {
      return code + " " + detail;
    }
  }

  static List<Broken> brokenAnswers() {
    String forbidden = "pods is forbidden: User \\\"signet\\\" cannot get resource";
    return List.of(
        new Broken(401, Reviews.status(401, "Unauthorized", "Unauthorized"), "401: Unauthorized"),
        new Broken(403, Reviews.status(403, "Forbidden", forbidden), "403: pods is forbidden"),
        new Broken(429, Reviews.status(429, "TooManyRequests", "slow down"), "429: slow down"),
        new Broken(500, Reviews.status(500, "InternalError", "etcd"), "500: etcd"),
        new Broken(500, "<html>oops</html>", "HTTP 500"),
        new Broken(503, "", "HTTP 503"),
        new Broken(307, "", "HTTP 307"),
        // What only the API server itself may say.
        new Broken(404, "404 page not found\n", "HTTP 404"),
        new Broken(404, Reviews.status(404, "", "the server could not find it"), "HTTP 404"),
        new Broken(
            404,
            Reviews.status(404, "NotFound", "the server could not find the requested resource"),
            "404: the server could not find"),
        new Broken(200, "", "no Pod"),
        new Broken(200, "null", "no Pod"),
        new Broken(200, "[]", "no Pod"),
        new Broken(200, "{}", "no Pod"),
        new Broken(200, "{\"kind\": \"Pod\", \"apiVersion\"", "no Pod"),
        new Broken(200, "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"spec\": []}", "no Pod"),
        new Broken(200, Reviews.status(404, "NotFound", "gone"), "gone"),
        new Broken(200, "{\"kind\": \"Node\", \"apiVersion\": \"v1\"}", "no Pod"),
        new Broken(200, "{\"kind\": \"What\", \"apiVersion\": \"what/v1\"}", "no Pod"));
  }

  // ISTIO-32: whatever is wrong with the API server or with our own access to it is no denial.
  @ParameterizedTest
  @MethodSource("brokenAnswers")
  void impersonate_callersPodNotTold_unavailable(Broken broken) {
    server.behave(exchange -> {
      exchange.getResponseHeaders().set("Location", "/elsewhere");
      exchange.getResponseHeaders().set("Retry-After", "60");
      FakeApiServer.respond(exchange, broken.code(), broken.body());
    });

    assertUnavailable(authorizer, server.url() + "/api/v1/namespaces/istio-system/pods/ztunnel-a");
    assertUnavailable(authorizer, broken.detail());
    // No redirect followed, no hidden retry; on 401 fabric8 asks for our own token once more.
    assertThat(server.seen()).hasSize(broken.code() == 401 ? 4 : 2);
  }

  @ParameterizedTest
  @MethodSource("brokenAnswers")
  void impersonate_podsOfTheNodeNotTold_unavailable(Broken broken) {
    server.behave(exchange -> {
      if (exchange.getRequestURI().getQuery() == null) {
        server.answer(exchange);
      } else {
        FakeApiServer.respond(exchange, broken.code(), broken.body());
      }
    });

    assertUnavailable(authorizer, "/api/v1/namespaces/shop/pods?fieldSelector=");
    assertUnavailable(authorizer, broken.detail());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void impersonate_serverHangsOrStalls_unavailableWithinTheDeadline(boolean stalls) {
    var released = new CountDownLatch(1);
    opened.add(released::countDown);
    server.behave(exchange -> {
      if (stalls) {
        exchange.sendResponseHeaders(200, 1000);
        exchange.getResponseBody().write('{');
        exchange.getResponseBody().flush();
      }
      released.await();
    });

    // That this returns at all, while the server is still waiting, is the point.
    assertUnavailable(open(SHORT, trusted("main", server, ZTUNNEL)), "no answer within");
    assertThat(released.getCount()).isOne();
  }

  @Test
  void impersonate_connectionRefused_unavailable() {
    server.close();
    assertUnavailable(authorizer, "ConnectException");
  }

  @Test
  void impersonate_callerInterrupted_unavailableAndStillInterrupted() {
    Thread.currentThread().interrupt();
    assertUnavailable(authorizer, "interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  // ISTIO-31: each ztunnel asks for eight at a time, and all of them begin together.
  @Test
  void impersonate_hundredAtOnce_sixteenReachTheServerAtATime() throws Exception {
    var sixteen = new CountDownLatch(16);
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    server.behave(exchange -> {
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      sixteen.countDown();
      sixteen.await();
      inside.decrementAndGet();
      server.answer(exchange);
    });

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Attestation>> answers =
          IntStream.range(0, 100)
              .mapToObj(_ -> threads.submit(() -> authorizer.impersonate(CALLER, CART_ID)))
              .toList();
      for (Future<Attestation> answer : answers) {
        assertThat(answer.get(60, TimeUnit.SECONDS)).isInstanceOf(Proven.class);
      }
    }
    assertThat(most).hasValue(16);
  }

  // Those that wait for their turn give up in time too.
  @Test
  void impersonate_hundredAtOnceAndServerHangs_allUnavailable() throws Exception {
    var released = new CountDownLatch(1);
    opened.add(released::countDown);
    server.behave(_ -> released.await());
    var impatient = open(SHORT, trusted("main", server, ZTUNNEL));

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Attestation>> answers =
          IntStream.range(0, 100)
              .mapToObj(_ -> threads.submit(() -> impatient.impersonate(CALLER, CART_ID)))
              .toList();
      for (Future<Attestation> answer : answers) {
        assertThat(refusal(answer.get(60, TimeUnit.SECONDS))).isInstanceOf(Unavailable.class);
      }
    }
    assertThat(released.getCount()).isOne();
  }

  // Whatever became of it, its turn is over.
  @Test
  void impersonate_afterManyFailures_allowedAgain() {
    server.behave(exchange -> exchange.close());
    for (int i = 0; i < 20; i++) {
      assertUnavailable(authorizer, server.url());
    }

    server.behave(server::answer);
    assertAllowed(CART_ID);
  }

  // ISTIO-97
  @Test
  void impersonate_noise_deniedWithOnePrintableLine() {
    var random = new Random(20261123);
    for (int i = 0; i < 2_000; i++) {
      var identity = new StringBuilder(CART_ID);
      IntStream.range(0, 1 + random.nextInt(3))
          .forEach(_ ->
              identity.insert(random.nextInt(identity.length()), (char) random.nextInt(0x2000)));
      assertThat(refusal(authorizer.impersonate(CALLER, identity.toString())).detail())
          .as("seed 20261123, number %d", i)
          .matches("[ -~]+");
    }
  }

  private void assertAllowed(String identity) {
    assertThat(authorizer.impersonate(CALLER, identity)).isInstanceOf(Proven.class);
  }

  private void assertDenied(Attestation attestation, Rule rule, String detail) {
    assertThat(refusal(attestation))
        .isInstanceOf(Invalid.class)
        .extracting(Refusal::detail)
        .asString()
        .startsWith("impersonation: rule " + rule.label() + ": ")
        .contains(detail);
    assertThat(denials).containsExactly(rule);
  }

  private void assertUnavailable(NodeAuthorizer authorizer, String detail) {
    assertThat(refusal(authorizer.impersonate(CALLER, CART_ID)))
        .isInstanceOf(Unavailable.class)
        .extracting(Refusal::detail)
        .asString()
        .startsWith("impersonation: ")
        .contains(detail, "ztunnel-a", CART_ID);
    assertThat(denials).isEmpty();
  }

  private static Refusal refusal(Attestation attestation) {
    return assertThat(attestation).asInstanceOf(type(Unproven.class)).actual().refusal();
  }

  private Cluster trusted(String cluster, FakePodServer api, ServiceAccountName... accounts) {
    try {
      Path own = Files.createTempDirectory(directory, cluster);
      return Clusters.trusting(cluster, api.kubeconfig(own), accounts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private NodeAuthorizer open(Duration deadline, Cluster... trusted) {
    if (trusted.length == 0) {
      return NodeAuthorizer.ofNoCluster(DOMAIN, denials::add);
    }
    var attestor =
        KubernetesAttestor.open(List.of(trusted), DOMAIN, deadline, clock, System::nanoTime);
    opened.add(attestor);
    return attestor.nodeAuthorizer(deadline, denials::add);
  }
}
