package io.signet.hsm.vault;

import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The time between a request that no node took, or that there was no token for, and the next that
 * was answered (KC-8). Safe for use by many threads.
 */
final class Outage {

  private final CustodianListener listener;
  private final Timing timing;
  private final AtomicReference<@Nullable Instant> begin = new AtomicReference<>();

  Outage(CustodianListener listener, Timing timing) {
    this.listener = listener;
    this.timing = timing;
  }

  /** It begins, or goes on. */
  void because(CustodyException why) {
    boolean begins = begin.compareAndSet(null, timing.now());
    listener.happened(begins ? new Lost(why) : new StillLost(why));
  }

  /** There is none, or it has ended. */
  void over() {
    Instant lost = begin.get();
    if (lost != null && begin.compareAndSet(lost, null)) {
      listener.happened(new Recovered(Duration.between(lost, timing.now())));
    }
  }
}
