package io.signet.sds.envoy;

import static java.util.Objects.requireNonNull;

import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.Optional;

/**
 * An attested caller.
 *
 * @param id what was proved about it
 * @param until when the proof ends, if it does; the stream ends with it (AUTH-6)
 */
public record Caller(SpiffeId id, Optional<Instant> until) {
  public Caller {
    requireNonNull(id, "id");
    requireNonNull(until, "until");
  }
}
