package io.signet.ca.store;

import io.signet.ca.ledger.Intent;
import io.signet.spiffe.SerialNumber;

/** One thing to write to the ledger. */
sealed interface LedgerWrite {

  record Intended(Intent intent) implements LedgerWrite {}

  record Issued(SerialNumber serial, byte[] signature) implements LedgerWrite {}
}
