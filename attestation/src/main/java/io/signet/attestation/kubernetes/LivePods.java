package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.signet.attestation.ServiceAccountName;
import java.net.URLEncoder;
import java.util.List;
import java.util.Optional;

/** The pods as the API server tells them at the moment of the question, from nobody's cache. */
final class LivePods implements Pods, AutoCloseable {

  // Of one account on one node there are a few. Whoever may make pods can make more, and those to
  // be deleted are in the list too.
  private static final int MOST = 100;

  private final ApiReader reader;

  LivePods(ApiReader reader) {
    this.reader = reader;
  }

  @Override
  public Optional<PodState> find(String namespace, String name) throws PodsUnknownException {
    return reader.read(pods(namespace) + "/" + encoded(name), Pod.class).map(PodState::of);
  }

  @Override
  public boolean anyLive(ServiceAccountName account, String node) throws PodsUnknownException {
    Optional<PodList> found = reader.read(listOf(account, node), PodList.class);
    List<Pod> pods = found.map(PodList::getItems).orElse(List.of());
    if (pods.stream().map(PodState::of).anyMatch(pod -> pod.isOn(node, account))) {
      return true;
    }
    if (pods.size() >= MOST) {
      throw new PodsUnknownException(
          "%s/%s has %d pods or more on %s, and the first are not live"
              .formatted(account.namespace(), account.name(), MOST, node));
    }
    return false;
  }

  private static String listOf(ServiceAccountName account, String node) {
    String selector =
        "spec.nodeName=%s,spec.serviceAccountName=%s,status.phase!=Succeeded,status.phase!=Failed"
            .formatted(node, account.name());
    return "%s?fieldSelector=%s&limit=%d"
        .formatted(pods(account.namespace()), encoded(selector), MOST);
  }

  private static String pods(String namespace) {
    return "api/v1/namespaces/" + encoded(namespace) + "/pods";
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  /** Ends the client; questions under way are given up. */
  @Override
  public void close() {
    reader.close();
  }
}
