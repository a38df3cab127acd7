package io.signet.ca.config;

import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Who may administrate; nobody, where both are empty.
 *
 * @param tokenFile whoever has the token in there; read whenever somebody shows one
 * @param ids whoever has an SVID of one of these; each once
 */
public record AdminConfig(Optional<Path> tokenFile, List<SpiffeId> ids) {
  public AdminConfig {
    ids = List.copyOf(ids);
  }

  /** Whether nobody may. */
  public boolean isEmpty() {
    return tokenFile.isEmpty() && ids.isEmpty();
  }

  /**
   * @throws InvalidValueException if an identity is of another trust domain
   */
  void requireWithin(TrustDomain trustDomain) {
    for (SpiffeId id : ids) {
      InvalidValueException.require(
          id.memberOf(trustDomain) && id.hasPath(), "admin.ids", id, Key.ADMIN_IDS.expected());
    }
  }
}
