package io.signet.hsm.vault;

import java.time.Duration;
import java.time.Instant;

/**
 * A token and its life. When it is due it is renewed if that still lengthens its life, and else
 * replaced, both well before it ends (VAUTH-4).
 *
 * @param full how long it lived when it was new; shorter renewals say that its maximum is near
 * @param end {@link Instant#MAX} when it never does
 * @param renewable whether the next step is a renewal
 */
record Lease(Secret token, Duration full, Instant dueAt, Instant end, boolean renewable) {

  // The rest of the life is for trying again.
  private static final double DUE = 2.0 / 3;
  private static final double JITTER = 0.1;

  enum Step {
    NONE,
    RENEW,
    REPLACE
  }

  /** A token of a login. No time to live means for ever. */
  static Lease of(Secret token, Duration life, boolean renewable, Timing timing) {
    return lasting(token, life, life, renewable, timing);
  }

  /** After a renewal that has given it this much more time. */
  Lease renewed(Duration life, boolean stillRenewable, Timing timing) {
    boolean capped = life.compareTo(full.dividedBy(2)) < 0;
    return lasting(token, full, life, stillRenewable && !capped, timing);
  }

  private static Lease lasting(
      Secret token, Duration full, Duration life, boolean renewable, Timing timing) {
    if (life.isZero()) {
      return new Lease(token, full, Instant.MAX, Instant.MAX, false);
    }
    Instant now = timing.now();
    double part = DUE * (1 - JITTER * timing.chance());
    Instant dueAt = now.plusMillis((long) (life.toMillis() * part));
    return new Lease(token, full, dueAt, now.plus(life), renewable);
  }

  /** The same, to be tried again then. */
  Lease dueAt(Instant later) {
    return new Lease(token, full, later, end, renewable);
  }

  /** The same, to be replaced. */
  Lease notRenewable(Instant later) {
    return new Lease(token, full, later, end, false);
  }

  /** When it ends, for people. */
  String ends() {
    return end.equals(Instant.MAX) ? "never" : "at " + end;
  }

  boolean livesAt(Instant now) {
    return now.isBefore(end);
  }

  Step step(Instant now) {
    if (now.isBefore(dueAt)) {
      return Step.NONE;
    }
    return renewable && livesAt(now) ? Step.RENEW : Step.REPLACE;
  }
}
