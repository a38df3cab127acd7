package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;

/** Hears of each issuing authority before it takes over. */
@FunctionalInterface
public interface IssuingListener {

  /** Does nothing. */
  IssuingListener NONE = (_, _) -> {};

  /**
   * It was signed and has signed nothing yet. It takes over when this returns; when it throws, the
   * authority is given up, and the next try makes another one. May block.
   *
   * @param isUrgent whether there is nothing to go on with until then: the one before was revoked,
   *     and with it what it has signed
   */
  void made(IssuingAuthority issuing, boolean isUrgent)
      throws CustodyException, LedgerException, SelfCheckException;
}
