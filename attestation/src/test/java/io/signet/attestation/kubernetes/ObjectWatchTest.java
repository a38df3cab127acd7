package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Eventually.eventually;
import static io.signet.attestation.kubernetes.TestCluster.Kind.POD;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

// So that what hangs fails.
@Timeout(120)
class ObjectWatchTest {

  private static final String WATCHES = "/api/v1/pods?watch";
  private static final String LISTS = "/api/v1/pods?limit";
  private static final Duration FRESH = Duration.ofSeconds(10);

  private final AtomicLong nanos = new AtomicLong();
  private final CountDownLatch released = new CountDownLatch(1);
  @TempDir Path directory;
  private FakeCluster cluster;
  private ApiClient client;
  private ObjectWatch watch;
  private final Background background = new Background();

  @BeforeEach
  void launch() throws IOException {
    cluster = new FakeCluster(directory);
    client = cluster.client();
    // Watches last until the test ends them; what is to time out has a pace of its own.
    watch = watch(Duration.ofSeconds(30));
  }

  private ObjectWatch watch(Duration lasting) {
    var pace =
        new ObjectWatch.Pace(
            lasting, FRESH, Duration.ofSeconds(30), Duration.ofMillis(10), Duration.ofMillis(50));
    return new ObjectWatch(client, ObjectWatch.Kind.PODS, pace, nanos::get);
  }

  @AfterEach
  void close() throws InterruptedException {
    released.countDown();
    background.close();
    client.close();
    cluster.close();
  }

  private void start() throws InterruptedException {
    run();
    eventually("a list", watch::isFresh);
  }

  private void run() {
    background.run(watch);
  }

  @Test
  void run_listOfSeveralPages_allKnown() throws Exception {
    for (int i = 0; i < 5; i++) {
      cluster.createPod("p" + i, "web", "node-1");
    }
    start();

    assertThat(watch.podsOn("node-1", "shop", "web")).hasSize(5);
    assertThat(watch.find("shop", "p4"))
        .hasValueSatisfying(pod -> {
          assertThat(pod.serviceAccount()).isEqualTo("web");
          assertThat(pod.node()).isEqualTo("node-1");
          assertThat(pod.phase()).isEqualTo("Running");
          assertThat(pod.uid()).hasSize(36);
          assertThat(pod.deletedAt()).isNull();
        });
    assertThat(cluster.count(LISTS)).isEqualTo(3);
    assertThat(watch.problem()).isEmpty();
  }

  @Test
  void run_whatHappens_isFollowed() throws Exception {
    start();
    cluster.createPod("p", "web", "node-1");
    eventually("the pod", () -> watch.find("shop", "p").isPresent());

    cluster.update(
        POD,
        "p",
        pod -> pod.withObject("metadata").put("deletionTimestamp", "2026-11-25T12:00:30Z"));
    eventually("its deletion", () -> deletedAt("p").isPresent());
    assertThat(deletedAt("p")).hasValue(Instant.parse("2026-11-25T12:00:30Z"));

    cluster.delete(POD, "p");
    eventually("its end", () -> watch.find("shop", "p").isEmpty());
    assertThat(watch.podsOn("node-1", "shop", "web")).isEmpty();
  }

  private Optional<Instant> deletedAt(String pod) {
    return watch.find("shop", pod).map(KubeObject::deletedAt);
  }

  // The connection is open and nothing comes: what is known counts for a while and no longer.
  @Test
  void isFresh_silence_falseAfterAWhileAndTrueWithTheNextBookmark() throws Exception {
    start();
    var hanging = new CountDownLatch(1);
    cluster.interfere((_, request) -> {
      if (request.contains(WATCHES)) {
        hanging.countDown();
        released.await();
      }
      return false;
    });
    cluster.endWatches();
    hanging.await();

    nanos.addAndGet(FRESH.toNanos());
    assertThat(watch.isFresh()).isTrue();
    nanos.addAndGet(1);
    assertThat(watch.isFresh()).isFalse();

    released.countDown();
    eventually("a bookmark", watch::isFresh);
  }

  // As of when it was asked for: it may take long.
  @Test
  void isFresh_afterAList_asOfItsBeginning() throws Exception {
    assertThat(watch.isFresh()).isFalse();
    assertThat(watch.problem()).hasValue("pods: not known yet");
    var listing = new CountDownLatch(1);
    var watching = new CountDownLatch(1);
    cluster.interfere((_, request) -> {
      if (request.contains(LISTS)) {
        listing.countDown();
        released.await();
        return false;
      }
      watching.countDown();
      new CountDownLatch(1).await();
      return true;
    });
    run();
    listing.await();
    nanos.addAndGet(FRESH.toNanos() - 1);
    released.countDown();
    watching.await();

    assertThat(watch.isFresh()).isTrue();
    nanos.addAndGet(2);
    assertThat(watch.isFresh()).isFalse();
  }

  // kube-apiserver sends no bookmark then; that a watch came to its end says enough.
  @Test
  void isFresh_whereNothingHappens_asOfTheBeginningOfTheLastWatchThatEnded() throws Exception {
    cluster.beQuiet();
    watch = watch(Duration.ofSeconds(1));
    start();
    long ended = cluster.count(WATCHES);
    eventually(
        "some watches to end",
        () -> {
          nanos.addAndGet(Duration.ofMillis(10).toNanos());
          return cluster.count(WATCHES) > ended + 2;
        });
    assertThat(watch.problem()).isEmpty();
    assertThat(watch.isFresh()).isTrue();
    assertThat(cluster.count(LISTS)).isEqualTo(1);
  }

  // A server that is about to stop ends its watches in order, whatever is still to be told.
  @Test
  void isFresh_watchesThatEndEarlyAndTellNothing_falseAfterAWhile() throws Exception {
    cluster.beQuiet();
    start();
    for (int i = 0; i < 3; i++) {
      long before = cluster.count(WATCHES);
      cluster.endWatches();
      eventually("the next watch", () -> cluster.count(WATCHES) > before);
    }
    nanos.addAndGet(FRESH.toNanos() + 1);
    assertThat(watch.isFresh()).isFalse();
    assertThat(watch.problem()).hasValueSatisfying(p -> assertThat(p).endsWith("ended early"));
  }

  // A body that stalls for ever is given up and begun anew from where it was.
  @Test
  void run_watchStalls_begunAnew() throws Exception {
    watch = watch(Duration.ofSeconds(1));
    start();
    var stalled = new AtomicInteger();
    cluster.interfere((exchange, request) -> {
      if (!request.contains(WATCHES) || stalled.incrementAndGet() > 1) {
        return false;
      }
      begin(exchange);
      released.await();
      return true;
    });
    cluster.endWatches();

    eventually("the next watch", () -> stalled.get() > 1);
    cluster.createPod("p", "web", "node-1");
    eventually("the pod", () -> watch.find("shop", "p").isPresent());
    assertThat(cluster.count(LISTS)).as("lists").isEqualTo(1);
  }

  @Test
  void run_watchesEnd_followedWithoutAnotherList() throws Exception {
    start();
    for (int i = 0; i < 5; i++) {
      String name = "p" + i;
      cluster.endWatches();
      cluster.createPod(name, "web", "node-1");
      eventually(name, () -> watch.find("shop", name).isPresent());
    }
    assertThat(cluster.count(LISTS)).isEqualTo(1);
  }

  // The connection breaks in the middle of an event, whose object must not be lost.
  @Test
  void run_eventCutShort_comesAgain() throws Exception {
    start();
    var cut = new AtomicInteger();
    cluster.interfere((exchange, request) -> {
      if (!request.contains(WATCHES) || cut.incrementAndGet() > 1) {
        return false;
      }
      begin(exchange);
      write(exchange, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"p\",\"name");
      return true;
    });
    cluster.createPod("p", "web", "node-1");
    cluster.endWatches();

    eventually("the pod", () -> watch.find("shop", "p").isPresent());
    assertThat(cluster.count(LISTS)).isEqualTo(1);
  }

  // 410 as an answer, and what was deleted meanwhile is gone afterwards.
  @Test
  void run_historyGone_listedAnewAndNotBelievedMeanwhile() throws Exception {
    cluster.createPod("old", "web", "node-1");
    start();
    var listing = new CountDownLatch(1);
    cluster.interfere((_, request) -> {
      if (request.contains(LISTS)) {
        listing.countDown();
        released.await();
      }
      return false;
    });
    cluster.delete(POD, "old");
    cluster.createPod("new", "web", "node-1");
    cluster.forgetHistory();
    listing.await();
    assertThat(watch.isFresh()).isFalse();
    assertThat(watch.problem()).hasValueSatisfying(p -> assertThat(p).contains("HTTP 410"));

    released.countDown();
    eventually("a bookmark", watch::isFresh);
    assertThat(watch.find("shop", "new")).isPresent();
    assertThat(watch.find("shop", "old")).isEmpty();
    assertThat(watch.podsOn("node-1", "shop", "web")).hasSize(1);
  }

  // The same within a watch that has begun.
  @Test
  void run_errorEvent_listedAnew() throws Exception {
    start();
    var told = new AtomicInteger();
    cluster.interfere((exchange, request) -> {
      if (!request.contains(WATCHES) || told.incrementAndGet() > 1) {
        return false;
      }
      begin(exchange);
      String status = Reviews.status(410, "Expired", "too old resource version");
      write(exchange, "{\"type\":\"ERROR\",\"object\":" + status + "}");
      return true;
    });
    cluster.endWatches();

    eventually("another list", () -> cluster.count(LISTS) == 2);
    eventually("a bookmark", watch::isFresh);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 429, 500, 503})
  void run_refused_toldAndTriedUntilItWorks(int code) throws Exception {
    cluster.interfere((exchange, request) -> {
      if (!request.contains(WATCHES) || released.getCount() == 0) {
        return false;
      }
      FakeApiServer.respond(exchange, code, Reviews.status(code, "No", "not now"));
      return true;
    });
    run();

    eventually("a list", watch::isFresh);
    nanos.addAndGet(FRESH.toNanos() + 1);
    eventually("the problem", () -> hasProblem("HTTP " + code + ": not now"));

    released.countDown();
    eventually("a bookmark", watch::isFresh);
    assertThat(watch.problem()).isEmpty();
    assertThat(cluster.count(LISTS)).isEqualTo(1);
  }

  private boolean hasProblem(String text) {
    return watch.problem().filter(problem -> problem.contains(text)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "<html>", "{}", "[]", "{\"items\":[1]}", "{\"metadata\":{\"resourceVer"})
  void run_noList_neverBelieved(String body) throws Exception {
    var lists = new AtomicInteger();
    var listsBeforeWatch = new AtomicInteger();
    cluster.interfere((exchange, request) -> {
      if (request.contains(LISTS) && lists.incrementAndGet() <= 2) {
        begin(exchange);
        write(exchange, body);
        return true;
      }
      if (request.contains(WATCHES)) {
        listsBeforeWatch.compareAndSet(0, lists.get());
      }
      return false;
    });
    start();
    eventually("a watch", () -> listsBeforeWatch.get() > 0);
    assertThat(listsBeforeWatch).hasValue(3);
  }

  private static void begin(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().flush();
  }

  private static void write(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
    exchange.getResponseBody().flush();
  }
}
