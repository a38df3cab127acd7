package io.signet.attestation.kubernetes;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.signet.attestation.ServiceAccountName;
import java.util.Set;

/**
 * What impersonation depends on of a pod.
 *
 * @param uid of this pod, which a later one of the same name does not share
 * @param serviceAccount in the pod's namespace; empty for a static pod, which has none
 * @param node empty until the pod is scheduled
 * @param live false when it has ended or is to end (ISTIO-58). A pod that does not run yet is live:
 *     its proxy may ask before
 */
record PodState(String uid, String serviceAccount, String node, boolean live) {

  private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

  static PodState of(Pod pod) {
    ObjectMeta metadata = requireNonNullElse(pod.getMetadata(), new ObjectMeta());
    PodSpec spec = requireNonNullElse(pod.getSpec(), new PodSpec());
    PodStatus status = requireNonNullElse(pod.getStatus(), new PodStatus());
    return new PodState(
        requireNonNullElse(metadata.getUid(), ""),
        requireNonNullElse(spec.getServiceAccountName(), ""),
        requireNonNullElse(spec.getNodeName(), ""),
        metadata.getDeletionTimestamp() == null
            && !ENDED.contains(requireNonNullElse(status.getPhase(), "")));
  }

  static PodState of(KubeObject pod) {
    return new PodState(
        pod.uid(),
        pod.serviceAccount(),
        pod.node(),
        pod.deletedAt() == null && !ENDED.contains(pod.phase()));
  }

  /** Whether this is a live pod of the account, whose namespace it is in, on the node. */
  boolean isOn(String where, ServiceAccountName account) {
    return live && node.equals(where) && serviceAccount.equals(account.name());
  }
}
