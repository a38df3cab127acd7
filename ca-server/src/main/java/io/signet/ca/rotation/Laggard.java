package io.signet.ca.rotation;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * Somebody who a rotation waits for.
 *
 * @param name of a holder its identity with its instance, of a replica its id
 * @param has what it has instead, such as {@code bundle 3}
 * @param since when that is so
 * @param problem what it answered when it refused, if it did
 */
public record Laggard(Kind kind, String name, String has, Instant since, Optional<String> problem) {

  /** What it is. */
  public enum Kind {
    /** One of our own servers, with the sinks that it writes. */
    REPLICA,
    /** A proxy or workload on a stream of ours, or that was on one and may come back. */
    SUBSCRIBER,
    /** Who asks for each certificate by itself. */
    CLIENT;

    /** As it is told. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
