package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import java.sql.SQLException;

/** Something to write to the ledger, in one transaction with what others write. */
@FunctionalInterface
interface LedgerWrite {

  /**
   * Makes its changes or has them made with those of the others, without a commit. Called again by
   * itself when the group is split.
   *
   * @return how many entries it changed
   * @throws LedgerException when it is refused for what it is
   */
  int to(LedgerConnection ledger) throws SQLException, LedgerException;
}
