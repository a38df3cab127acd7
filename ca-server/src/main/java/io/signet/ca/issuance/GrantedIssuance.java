package io.signet.ca.issuance;

import io.signet.ca.authorization.Grant;
import io.signet.ca.ledger.HolderKey;
import java.security.PublicKey;
import java.util.Optional;

/** Issues what was granted before. Safe for use by many threads; blocks. */
@FunctionalInterface
public interface GrantedIssuance {

  /**
   * Issues to the receiver of the grant.
   *
   * @param key of a kind that the grant allows, whose private half the receiver is known to hold
   * @param holder who gets it on streams, as rotations count; empty for ourselves
   */
  IssuanceOutcome issue(Grant grant, PublicKey key, Optional<HolderKey> holder);
}
