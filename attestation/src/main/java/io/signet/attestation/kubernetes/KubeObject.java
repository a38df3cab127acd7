package io.signet.attestation.kubernetes;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a pod, a service account or a node: no more than is needed to judge tokens,
 * for there may be a hundred thousand of them. What an object does not have is empty.
 *
 * @param deletedAt when it is to be gone; null while nobody has asked for that
 * @param serviceAccount of a pod
 * @param node that a pod is on; empty until it is scheduled
 * @param phase of a pod, such as {@code Running}
 */
record KubeObject(
    String namespace,
    String name,
    String uid,
    @Nullable Instant deletedAt,
    String serviceAccount,
    String node,
    String phase) {

  /** How long after its end a token or an object counts still (go-jose's default leeway). */
  static final Duration LEEWAY = Duration.ofMinutes(1);

  /**
   * Whether a token that is bound to this object is still good, as {@code claims.go} of Kubernetes
   * has it.
   */
  boolean isValid(String boundUid, Instant now) {
    return uid.equals(boundUid) && (deletedAt == null || !deletedAt.isBefore(now.minus(LEEWAY)));
  }
}
