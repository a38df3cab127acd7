package io.signet.ca.issuance;

import io.signet.ca.authorization.Grant;
import java.security.PublicKey;
import java.util.List;

/** Issues what was granted before. Safe for use by many threads; blocks. */
@FunctionalInterface
public interface GrantedIssuance {

  /**
   * Issues to the receiver of the grant.
   *
   * @param hosts DNS names and IP addresses beside the identity, where policy wants them
   * @param key whose private half the receiver is known to hold
   */
  IssuanceOutcome issue(Grant grant, List<String> hosts, PublicKey key);
}
