package io.signet.attestation.kubernetes;

import io.signet.attestation.ServiceAccountName;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A cluster whose service accounts are attested.
 *
 * @param id what its clients send as {@code clusterid} (ISTIO-11)
 * @param aliases what they may send instead (K8S-9)
 * @param audience what their tokens must be meant for, such as {@code istio-ca} (K8S-1)
 * @param kubeconfig how to reach its API server; empty for the cluster we run in
 * @param review who judges its tokens
 * @param reviewsPerSecond how many tokens its API server is asked about at most; as many may come
 *     in one burst. Empty: no limit (K8S-26)
 * @param trustedNodeAccounts of the proxies whose word counts for the workloads of their own node,
 *     such as Istio's {@code istio-system/ztunnel}; empty: nobody's
 */
public record Cluster(
    String id,
    Set<String> aliases,
    String audience,
    Optional<Path> kubeconfig,
    Review review,
    OptionalInt reviewsPerSecond,
    Set<ServiceAccountName> trustedNodeAccounts) {

  /** Who judges a cluster's tokens. */
  public enum Review {
    /** Its API server, by a TokenReview for each. */
    API,
    /** We by the API server's own rules, and the API server where we do not know enough. */
    LOCAL
  }

  /**
   * @throws IllegalArgumentException if the id, an alias or the audience is empty, or the limit
   *     lets nothing through
   */
  public Cluster {
    aliases = Set.copyOf(aliases);
    trustedNodeAccounts = Set.copyOf(trustedNodeAccounts);
    // K8S-9: clients that send nothing mean the local cluster, so no cluster is called nothing.
    requireText("cluster", id);
    aliases.forEach(alias -> requireText("alias of cluster " + id, alias));
    // An empty audience would be the API server's own, which every pod's default token has (K8S-4).
    requireText("audience of cluster " + id, audience);
    if (reviewsPerSecond.isPresent() && reviewsPerSecond.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "reviews of cluster %s: %d a second (expected: at least 1)"
              .formatted(id, reviewsPerSecond.getAsInt()));
    }
  }

  private static void requireText(String what, String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + ": empty (expected: a text)");
    }
  }
}
