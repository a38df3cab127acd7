package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.signet.attestation.ServiceAccountName;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** The pods as the API server tells them at the moment of the question; for a few questions. */
final class LivePods implements Pods {

  // Of one account on one node there are a few. Whoever may make pods can make more, and those to
  // be deleted are in the list too.
  private static final int MOST = 100;

  // The API server's own watch, which has an index by node: a fraction of a millisecond.
  private static final String AS_IT_LAST_SAW = "&resourceVersion=0";

  // Where its store is old it looks at each pod of the namespace there: tens of milliseconds.
  private static final String AS_STORED = "";

  private final ApiClient client;
  private final Semaphore turns;
  private final long end;

  /**
   * @param turns of all who ask this API server about pods
   * @param patience for all questions together, from now on
   */
  LivePods(ApiClient client, Semaphore turns, Duration patience) {
    this.client = client;
    this.turns = turns;
    this.end = System.nanoTime() + patience.toNanos();
  }

  @Override
  public Optional<PodState> find(String namespace, String name) throws ApiException {
    return read(pods(namespace) + "/" + encoded(name), Pod.class).map(PodState::of);
  }

  @Override
  public boolean anyLive(ServiceAccountName account, String node) throws ApiException {
    return isAnyLive(list(account, node, AS_IT_LAST_SAW), account, node)
        || isAnyStored(account, node);
  }

  private boolean isAnyStored(ServiceAccountName account, String node) throws ApiException {
    List<Pod> pods = list(account, node, AS_STORED);
    boolean live = isAnyLive(pods, account, node);
    if (!live && pods.size() >= MOST) {
      throw new ApiException(
          "%s/%s has %d pods or more on %s, and the first are not live"
              .formatted(account.namespace(), account.name(), MOST, node));
    }
    return live;
  }

  private static boolean isAnyLive(List<Pod> pods, ServiceAccountName account, String node) {
    return pods.stream().map(PodState::of).anyMatch(pod -> pod.isOn(node, account));
  }

  private List<Pod> list(ServiceAccountName account, String node, String freshness)
      throws ApiException {
    String selector =
        "spec.nodeName=%s,spec.serviceAccountName=%s,status.phase!=Succeeded,status.phase!=Failed"
            .formatted(node, account.name());
    String path =
        "%s?fieldSelector=%s&limit=%d%s"
            .formatted(pods(account.namespace()), encoded(selector), MOST, freshness);
    return read(path, PodList.class)
        .orElseThrow(() -> new ApiException(client.url(path) + ": no list"))
        .getItems();
  }

  private <T> Optional<T> read(String path, Class<T> type) throws ApiException {
    try {
      if (!turns.tryAcquire(left(), NANOSECONDS)) {
        throw new ApiException(client.url(path) + ": no turn in time");
      }
      try {
        return client.find(path, type, Duration.ofNanos(left()));
      } finally {
        turns.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApiException(client.url(path) + ": interrupted");
    }
  }

  private long left() {
    return Math.max(end - System.nanoTime(), 1);
  }

  private static String pods(String namespace) {
    return "api/v1/namespaces/" + encoded(namespace) + "/pods";
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }
}
