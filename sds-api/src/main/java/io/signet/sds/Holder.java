package io.signet.sds;

import static java.util.Objects.requireNonNull;

import io.signet.spiffe.SpiffeId;

/**
 * Who holds a secret: one of possibly many that share an identity, each with a key of its own, as
 * the pods of one service account (K8S-48).
 *
 * @param identity what was proved about the caller
 * @param instance tells it from others of that identity, such as the UID of a pod; empty where they
 *     cannot be told apart
 */
public record Holder(SpiffeId identity, String instance) {
  public Holder {
    requireNonNull(identity, "identity");
    requireNonNull(instance, "instance");
  }
}
