package io.signet.sds;

import java.util.Locale;

/** How a subscriber stands to the newest version of one secret. */
public enum Condition {
  /** There is no secret of this name for it. */
  MISSING,
  /** Not handed to the transport: the peer does not read, or the secret is unfit to be sent. */
  UNSENT,
  /** Sent, and neither acknowledged nor refused yet. */
  SILENT,
  /** Refused. */
  REFUSED,
  /** Acknowledged. */
  ACKNOWLEDGED;

  /** As it is told. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether there is a secret that it does not have. */
  public boolean isBehind() {
    return this != MISSING && this != ACKNOWLEDGED;
  }
}
