package io.signet.sds.envoy;

import io.signet.sds.AckLedger;
import io.signet.sds.SecretSource;
import io.signet.sds.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/** What the endpoints of all listeners share. Safe for use by many threads. */
public final class SdsService {
  private final SecretSource source;
  private final AckLedger ledger;
  private final SdsListener listener;
  private final Duration recheck;
  private final Clock clock;
  private final Timer timer;
  private final Executor executor;
  private final SecretEncoder encoder = new SecretEncoder();
  private final AtomicLong streams = new AtomicLong();

  /**
   * @param recheck how often the caller of an open stream is attested anew
   * @param clock tells how long a caller's proof still holds
   * @param timer ends the streams with their proofs
   * @param executor runs the streams, each of them one step at a time; must outlive them and the
   *     feeds of the source
   */
  public SdsService(
      SecretSource source,
      AckLedger ledger,
      SdsListener listener,
      Duration recheck,
      Clock clock,
      Timer timer,
      Executor executor) {
    this.source = source;
    this.ledger = ledger;
    this.listener = listener;
    this.recheck = recheck;
    this.clock = clock;
    this.timer = timer;
    this.executor = executor;
  }

  SecretSource source() {
    return source;
  }

  AckLedger ledger() {
    return ledger;
  }

  SdsListener listener() {
    return listener;
  }

  Duration recheck() {
    return recheck;
  }

  Clock clock() {
    return clock;
  }

  Timer timer() {
    return timer;
  }

  Executor executor() {
    return executor;
  }

  SecretEncoder encoder() {
    return encoder;
  }

  /** Unique within this process. */
  String nextStream() {
    return Long.toString(streams.incrementAndGet(), Character.MAX_RADIX);
  }
}
