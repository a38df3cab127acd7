package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;

/** Makes an issuing authority of a key. For one thread at a time. */
interface Certifier {

  /**
   * Whether it can, as far as that is known before there is a key.
   *
   * @throws AuthorityException when it cannot
   */
  void requireReady() throws AuthorityException;

  /**
   * Has the key certified.
   *
   * @throws AuthorityException when what came of it cannot be relied on
   */
  IssuingAuthority certify(KeyHandle key)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException;
}
