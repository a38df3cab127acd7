package io.signet.attestation.kubernetes;

import io.signet.attestation.ServiceAccountName;
import java.util.Optional;

/**
 * The pods of one cluster, as its API server tells them now or as a watch of it last did. A view
 * that may lag is good enough to allow something, never to deny it (ISTIO-60). Safe for use by many
 * threads; may block.
 */
interface Pods {

  /**
   * The pod of this name, also when it has ended; empty when there is none.
   *
   * @throws ApiException if nobody can tell now
   */
  Optional<PodState> find(String namespace, String name) throws ApiException;

  /**
   * Whether a live pod of this service account is on this node.
   *
   * @throws ApiException if nobody can tell now
   */
  boolean anyLive(ServiceAccountName account, String node) throws ApiException;
}
