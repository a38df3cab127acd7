package io.signet.ca.config;

import io.signet.spiffe.SpiffeId;
import java.util.List;

/**
 * Which identities the servers of some hosts may have.
 *
 * @param hosts exact names, as a proxy asks for them; lower case, at least one
 * @param ids with a path, of our or a federated trust domain; at least one
 */
public record SecureName(List<String> hosts, List<SpiffeId> ids) {
  /**
   * @throws IllegalArgumentException if there is no host or no identity
   */
  public SecureName {
    hosts = List.copyOf(hosts);
    ids = List.copyOf(ids);
    InvalidValueException.require(!hosts.isEmpty(), "secure-naming", "no host", "at least one");
    InvalidValueException.require(!ids.isEmpty(), "secure-naming", "no ID", "at least one");
  }
}
