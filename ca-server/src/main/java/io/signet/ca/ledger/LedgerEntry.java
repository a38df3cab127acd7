package io.signet.ca.ledger;

import java.util.Optional;

/** An intent, and the signature that was made over its bytes once that is known. */
public record LedgerEntry(Intent intent, Optional<byte[]> signature) {}
