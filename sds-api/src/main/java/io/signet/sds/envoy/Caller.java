package io.signet.sds.envoy;

import static java.util.Objects.requireNonNull;

import io.signet.sds.Holder;
import java.time.Instant;
import java.util.Optional;

/**
 * An attested caller.
 *
 * @param holder whose secrets it may have
 * @param until when the proof ends, if it does; the stream ends with it (AUTH-6)
 * @param again attests it anew by what it showed then; empty where that could change nothing
 */
public record Caller(Holder holder, Optional<Instant> until, Optional<Callers> again) {
  public Caller {
    requireNonNull(holder, "holder");
    requireNonNull(until, "until");
    requireNonNull(again, "again");
  }
}
