package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.attestation.kubernetes.PodsThere.Known;
import io.signet.attestation.kubernetes.PodsThere.Unknown;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pods there are, for those who are not to wait for one that is gone. */
// So that what hangs fails.
@Timeout(120)
class PodsThereTest {

  private static final String FIRST = "GET /api/v1/pods?limit=500";

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<String> accepted = new CopyOnWriteArrayList<>();
  @TempDir Path directory;
  private FakeCluster main;
  private FakeCluster west;
  private KubernetesAttestor attestor;

  @BeforeEach
  void open() throws IOException {
    main = cluster("main");
    west = cluster("west");
    attestor =
        KubernetesAttestor.open(
            List.of(
                Clusters.cluster("main", main.kubeconfig(), Review.API),
                Clusters.cluster("west", west.kubeconfig(), Review.API)),
            new TrustDomain("example.org"),
            Duration.ofSeconds(30),
            new TestClock(Instant.now()),
            System::nanoTime);
    opened.add(attestor);
  }

  private FakeCluster cluster(String name) throws IOException {
    var made = new FakeCluster(Files.createDirectory(directory.resolve(name)));
    opened.add(made);
    return made;
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void podsThere_severalPartsInTwoClusters_all() {
    List<String> uids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      uids.add(main.createPod("p" + i, "web", "node-1"));
    }
    uids.add(west.createPod("p", "web", "node-1"));

    assertThat(there()).containsExactlyInAnyOrderElementsOf(uids);
    assertThat(attestor.clusters()).containsExactlyInAnyOrder("main", "west");
  }

  // A version would let the API server answer from a cache: who has just come would be missing.
  @Test
  void podsThere_asked_asStoredAndMetadataOnly() {
    main.interfere((exchange, request) -> {
      accepted.add(exchange.getRequestHeaders().getFirst("Accept"));
      return false;
    });
    main.createPod("p", "web", "node-1");

    assertThat(there()).hasSize(1);
    assertThat(main.count(FIRST)).isOne();
    assertThat(main.count("resourceVersion")).isZero();
    assertThat(accepted).singleElement().asString().contains("as=PartialObjectMetadataList");
  }

  @Test
  void podsThere_deletedSince_gone() {
    main.createPod("old", "web", "node-1");
    String uid = main.createPod("new", "web", "node-1");
    main.delete(TestCluster.Kind.POD, "old");

    assertThat(there()).containsExactly(uid);
  }

  @Test // it may be restarted, and then has what it had
  void podsThere_endedOrToBeDeleted_there() {
    String ended = main.createPod("ended", "web", "node-1");
    main.update(
        TestCluster.Kind.POD, "ended", pod -> pod.withObject("status").put("phase", "Failed"));
    String ending = main.createPod("ending", "web", "node-1");
    main.update(
        TestCluster.Kind.POD,
        "ending",
        pod -> pod.withObject("metadata").put("deletionTimestamp", "2026-11-25T12:00:30Z"));

    assertThat(there()).containsExactlyInAnyOrder(ended, ending);
  }

  @Test
  void podsThere_notAllowed_cannotTellAndNamesTheCluster() {
    west.interfere((exchange, request) -> {
      FakeApiServer.respond(
          exchange, 403, Reviews.status(403, "Forbidden", "pods is forbidden: cannot list"));
      return true;
    });

    assertThat(why())
        .startsWith("cluster west: which pods there are: http://127.0.0.1:")
        .endsWith("HTTP 403: pods is forbidden: cannot list");
  }

  @Test
  void podsThere_oneOfTwoAway_cannotTell() {
    main.createPod("p", "web", "node-1");
    west.close();

    assertThat(why()).startsWith("cluster west: which pods there are: http://127.0.0.1:");
  }

  // Half a list would make the other half gone.
  @Test
  void podsThere_laterPartRefused_cannotTell() {
    for (int i = 0; i < 5; i++) {
      main.createPod("p" + i, "web", "node-1");
    }
    main.interfere((exchange, request) -> {
      if (!request.contains("continue=4")) {
        return false;
      }
      FakeApiServer.respond(exchange, 410, Reviews.status(410, "Expired", "too old"));
      return true;
    });

    assertThat(why()).startsWith("cluster main: ").endsWith("HTTP 410: too old");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "<html>",
        "{}",
        "{\"items\":[]}",
        "{\"metadata\":{\"resourceVersion\":\"1\"}}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":{}}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[1]}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{\"name\":\"p\"}}]}",
        "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{\"uid\":\"u\"}}"
      })
  void podsThere_noList_cannotTell(String body) {
    main.interfere((exchange, request) -> {
      FakeApiServer.respond(exchange, 200, body);
      return true;
    });

    assertThat(why()).startsWith("cluster main: which pods there are: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "null"})
  void podsThere_none_none(String items) {
    main.interfere((exchange, request) -> {
      FakeApiServer.respond(
          exchange,
          200,
          "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":%s}".formatted(items));
      return true;
    });

    assertThat(there()).isEmpty();
  }

  private Iterable<String> there() {
    return ((Known) attestor.podsThere()).uids();
  }

  private String why() {
    return ((Unknown) attestor.podsThere()).why();
  }
}
