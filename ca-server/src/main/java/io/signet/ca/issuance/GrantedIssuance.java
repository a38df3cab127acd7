package io.signet.ca.issuance;

import io.signet.ca.authorization.Grant;
import java.security.PublicKey;

/** Issues what was granted before. Safe for use by many threads; blocks. */
@FunctionalInterface
public interface GrantedIssuance {

  /**
   * Issues to the receiver of the grant.
   *
   * @param key of a kind that the grant allows, whose private half the receiver is known to hold
   */
  IssuanceOutcome issue(Grant grant, PublicKey key);
}
