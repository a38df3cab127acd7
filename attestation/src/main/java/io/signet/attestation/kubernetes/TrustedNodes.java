package io.signet.attestation.kubernetes;

import io.signet.attestation.ServiceAccountName;
import java.util.Set;

/**
 * Whose word counts for the workloads of its own node.
 *
 * @param cluster where all of them run
 * @param accounts of the proxies, such as {@code istio-system/ztunnel}
 */
public record TrustedNodes(Cluster cluster, Set<ServiceAccountName> accounts) {
  /** Copies the accounts. */
  public TrustedNodes {
    accounts = Set.copyOf(accounts);
  }
}
