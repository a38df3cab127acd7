package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import io.signet.spiffe.SerialNumber;

/** One thing to write to the ledger. */
sealed interface LedgerWrite {

  SerialNumber serial();

  record Intended(Intent intent) implements LedgerWrite {
    @Override
    public SerialNumber serial() {
      return intent.serial();
    }
  }

  record Issued(SerialNumber serial, byte[] signature) implements LedgerWrite {}
}
