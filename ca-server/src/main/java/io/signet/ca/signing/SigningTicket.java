package io.signet.ca.signing;

import io.signet.spiffe.SerialNumber;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The right to sign one draft once, given out only after its intent was recorded (ISS-5). Safe for
 * use by many threads: exactly one redeems it.
 */
public final class SigningTicket {

  private final SerialNumber serial;
  private final AtomicReference<Optional<Draft>> draft;

  SigningTicket(Draft draft) {
    this.serial = draft.serial();
    this.draft = new AtomicReference<>(Optional.of(draft));
  }

  /** Of the certificate that may be signed. */
  public SerialNumber serial() {
    return serial;
  }

  Draft redeem() {
    return draft
        .getAndSet(Optional.empty())
        .orElseThrow(() -> new IllegalStateException("signing ticket already redeemed"));
  }
}
