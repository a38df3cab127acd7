package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Json.eachField;

import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All objects of one kind, by a list and then by one watch after the other from where it ended.
 * What is known counts for a while after the API server has shown that it is complete, so neither a
 * broken connection nor a silent one goes unnoticed. That is shown, and as of when:
 *
 * <ul>
 *   <li>by a list, as of when we asked for it;
 *   <li>by a bookmark, as of now; there is one each minute and shortly before the end of a watch,
 *       but none where nothing happened;
 *   <li>by the end of a watch that lasted as long as it should, as of its beginning: first of all
 *       it tells what happened before. This is why watches are short.
 * </ul>
 *
 * <p>{@link #run} is for one thread, all else for any.
 */
final class ObjectWatch implements KnownObjects, Runnable {

  // What there is to keep of accounts and nodes is in their metadata; of pods it is not.
  private static final String WHOLE = "application/json";
  private static final String METADATA =
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

  private static final int GONE = 410;
  private static final int MOST_DOUBLED = 16;

  private static final Logger LOG = LoggerFactory.getLogger(ObjectWatch.class);

  /** A kind of objects. */
  enum Kind {
    PODS("pods", WHOLE, WHOLE),
    SERVICE_ACCOUNTS("serviceaccounts"),
    NODES("nodes");

    private final String resource;
    private final String list;
    private final String watch;

    Kind(String resource) {
      this(resource, ObjectList.METADATA, METADATA);
    }

    Kind(String resource, String list, String watch) {
      this.resource = resource;
      this.list = list;
      this.watch = watch;
    }
  }

  /**
   * @param watch how long one watch lasts, in whole seconds
   * @param fresh how long what is known counts
   * @param page how long one part of a list may take
   * @param shortest pause after a failure; it doubles with each
   * @param longest pause after many failures
   */
  record Pace(Duration watch, Duration fresh, Duration page, Duration shortest, Duration longest) {

    // What is known is no older than what the API server itself may answer from its cache of
    // accepted tokens, 10 s (K8S-55). Where nothing happens it is up to two watches old.
    static final Pace STANDARD =
        new Pace(
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMillis(250),
            Duration.ofSeconds(10));
  }

  private final ApiClient client;
  private final Kind kind;
  private final Pace pace;
  private final LongSupplier nanoTime;

  private volatile ObjectStore objects = new ObjectStore();
  private volatile @Nullable Long knownAt;
  private volatile @Nullable String failure;

  // Of the one thread that runs.
  private @Nullable String position;
  private int failures;

  ObjectWatch(ApiClient client, Kind kind, Pace pace, LongSupplier nanoTime) {
    this.client = client;
    this.kind = kind;
    this.pace = pace;
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isFresh() {
    Long known = knownAt;
    return known != null && nanoTime.getAsLong() - known <= pace.fresh().toNanos();
  }

  @Override
  public Optional<KubeObject> find(String namespace, String name) {
    return objects.find(namespace, name);
  }

  @Override
  public List<KubeObject> podsOn(String node, String namespace, String serviceAccount) {
    return objects.podsOn(node, namespace, serviceAccount);
  }

  /** Why what is known does not count, if so. */
  Optional<String> problem() {
    String why = failure;
    return isFresh()
        ? Optional.empty()
        : Optional.of(kind.resource + ": " + (why == null ? "not known yet" : why));
  }

  /** Lists and watches until interrupted. */
  @Override
  public void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        if (position == null) {
          position = list();
        }
        watch();
      } catch (IOException | RuntimeException e) {
        if (!Thread.currentThread().isInterrupted()) {
          failed(e);
          pause();
        }
      }
    }
  }

  /** Where its watch begins. */
  private String list() throws IOException {
    long begun = nanoTime.getAsLong();
    var found = new ObjectStore();
    String version = new ObjectList(client, path(), kind.list, pace.page(), found::put).read();
    objects = found;
    completeAsOf(begun);
    return version;
  }

  /** Follows what happens, to the end of one watch. */
  private void watch() throws IOException {
    String query =
        "?watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=%s"
            .formatted(pace.watch().toSeconds(), position);
    Duration end = pace.watch().multipliedBy(2);
    long begun = nanoTime.getAsLong();
    try (var body = client.stream(path() + query, kind.watch, end);
        JsonParser in = Json.PARSERS.createParser(body)) {
      while (in.nextToken() != null) {
        new Event().read(in);
      }
    }
    if (nanoTime.getAsLong() - begun < pace.watch().toNanos()) {
      throw new IOException(client.url(path()) + ": the watch ended early");
    }
    watched(begun);
  }

  /** What happened to one object. */
  private final class Event {
    private String type = "";
    private @Nullable ObjectReader object;

    void read(JsonParser in) throws IOException {
      eachField(in, this::field);
      if (object == null) {
        throw new IOException(client.url(path()) + ": not an event");
      }
      apply(object);
      position = object.version();
    }

    private void field(String name, JsonParser in) throws IOException {
      switch (name) {
        case "type" -> type = in.getValueAsString("");
        case "object" -> object = ObjectReader.read(in);
        default -> {}
      }
    }

    private void apply(ObjectReader what) throws IOException {
      switch (type) {
        case "ADDED", "MODIFIED" -> objects.put(what.object());
        case "DELETED" -> objects.remove(what.object());
        case "BOOKMARK" -> watched(nanoTime.getAsLong());
        // Whatever it is, client-go begins anew then.
        default -> throw new ApiException(GONE, client.url(path()) + ": " + what.message());
      }
    }
  }

  /** A watch works, and all that had happened by then is known. */
  private void watched(long then) {
    completeAsOf(then);
    if (failures > 0) {
      LOG.info("known again: {}", client.url(path()));
    }
    failures = 0;
    failure = null;
  }

  private void completeAsOf(long then) {
    Long before = knownAt;
    knownAt = before == null || then - before > 0 ? then : before;
  }

  private void failed(Exception e) {
    failure = String.valueOf(e.getMessage());
    failures++;
    if (failures == 1) {
      LOG.warn("not known for now: {}", failure);
    }
    if (e instanceof ApiException api && api.losesPosition()) {
      knownAt = null;
      position = null;
    }
  }

  private void pause() {
    long pause = pace.shortest().toMillis() << Math.min(failures - 1, MOST_DOUBLED);
    long most = Math.min(pause, pace.longest().toMillis());
    try {
      // By chance, so that many servers do not come back at once.
      Thread.sleep(ThreadLocalRandom.current().nextLong(most / 2, most + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String path() {
    return "api/v1/" + kind.resource;
  }
}
