package io.signet.attestation.kubernetes;

import java.util.Set;

/**
 * What the API servers of all clusters say about which pods there are. A pod is there until it is
 * deleted, also when its containers have ended: whoever restarts them gives them its certificates.
 */
public sealed interface PodsThere {

  /**
   * All of them: a pod that was there before the question and is not among these is gone, and its
   * UID never comes back.
   *
   * @param uids of the pods of all clusters
   */
  record Known(Set<String> uids) implements PodsThere {
    /** Keeps a copy. */
    public Known {
      uids = Set.copyOf(uids);
    }
  }

  /**
   * Of at least one cluster nobody can tell, so that whoever is missing elsewhere may be there.
   *
   * @param why names the cluster and what is wrong
   */
  record Unknown(String why) implements PodsThere {}
}
