package io.signet.ca.rotation;

import io.signet.ca.ledger.HolderKey;

/**
 * A holder that is a pod.
 *
 * @param uid of the pod
 * @param last the place in the ledger of its newest certificate
 */
public record PodHolder(HolderKey key, String uid, long last) {}
