package io.signet.ca.ledger;

import java.util.Optional;

/** An intent, and what came of it. */
public record LedgerEntry(Intent intent, Result result) {

  /** What is known of the signature. */
  public sealed interface Result {

    /** Nothing yet: it may be made at this moment. */
    record Open() implements Result {}

    /** It was made, and the certificate could be released; whether it reached anybody is open. */
    record Issued(byte[] signature) implements Result {}

    /**
     * Nothing, and nothing ever will be: the process ended in between. It may have been made, and
     * the certificate was not released (ISS-8).
     */
    record Unknown() implements Result {}

    /** Nothing, and nothing ever will be: it was given up before it was signed. */
    record Withdrawn() implements Result {}
  }

  /** The signature over the bytes of the intent, once that is known. */
  public Optional<byte[]> signature() {
    return result instanceof Result.Issued(byte[] signature)
        ? Optional.of(signature)
        : Optional.empty();
  }
}
