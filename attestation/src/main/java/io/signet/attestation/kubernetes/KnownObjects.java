package io.signet.attestation.kubernetes;

import java.util.List;
import java.util.Optional;

/** Objects of one kind of a cluster, as far as we know of them. */
interface KnownObjects {

  /**
   * Whether all that was there is known, and lately no older than {@link ObjectWatch.Pace#fresh}.
   * If not, what is found here may be gone, and what is not found may be there.
   */
  boolean isFresh();

  /**
   * The object of this name.
   *
   * @param namespace empty for what is in none, such as nodes
   */
  Optional<KubeObject> find(String namespace, String name);

  /** The pods of a service account on a node, whatever their phase. */
  List<KubeObject> podsOn(String node, String namespace, String serviceAccount);
}
