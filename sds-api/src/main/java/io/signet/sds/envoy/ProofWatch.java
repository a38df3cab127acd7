package io.signet.sds.envoy;

import io.grpc.Status;
import io.grpc.StatusException;
import io.signet.sds.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the proof of one caller while its stream is open: when it ends, so does the stream
 * (AUTH-6), and now and then the caller is attested anew by what it showed, for its pod may be
 * gone. Safe for use by many threads.
 */
final class ProofWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProofWatch.class);
  private static final Duration LONGEST_JITTER = Duration.ofSeconds(30);
  private static final int JITTER_SHARE = 20;
  private static final double RECHECK_JITTER = 0.2;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  // Who attests is in trouble, not who is attested: the proof of before still holds.
  private static final Set<Status.Code> UNDECIDED =
      Set.of(
          Status.Code.UNAVAILABLE,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.INTERNAL,
          Status.Code.CANCELLED);

  private final Caller caller;
  private final SdsService shared;
  private final Consumer<Status> over;
  private final Instant end;
  private Instant recheckAt;
  private Timer.@Nullable Scheduled next;
  private boolean closed;

  /**
   * @param over told once, with the status to end the stream with
   */
  ProofWatch(Caller caller, SdsService shared, Consumer<Status> over) {
    this.caller = caller;
    this.shared = shared;
    this.over = over;
    this.end = caller.until().map(this::jittered).orElse(Instant.MAX);
    this.recheckAt = nextRecheck();
  }

  /** Begins. */
  void start() {
    if (caller.until().isPresent() || caller.again().isPresent()) {
      look();
    }
  }

  // Earlier, never later: streams that were opened together do not come back together.
  private Instant jittered(Instant until) {
    long left = Duration.between(now(), until).toMillis();
    long jitter = Math.min(left / JITTER_SHARE, LONGEST_JITTER.toMillis());
    return jitter <= 0
        ? until
        : until.minusMillis(ThreadLocalRandom.current().nextLong(jitter + 1));
  }

  private Instant nextRecheck() {
    if (caller.again().isEmpty()) {
      return Instant.MAX;
    }
    double share = 1 - RECHECK_JITTER * ThreadLocalRandom.current().nextDouble();
    return now().plusMillis((long) (shared.recheck().toMillis() * share));
  }

  private void look() {
    if (!now().isBefore(end)) {
      over.accept(Status.UNAUTHENTICATED.withDescription("credential expires: open a new stream"));
    } else if (now().isBefore(recheckAt) || isStillProven(caller.again().orElseThrow())) {
      schedule();
    } else {
      over.accept(Status.PERMISSION_DENIED.withDescription("the caller is not what it was"));
    }
  }

  private boolean isStillProven(Callers again) {
    recheckAt = nextRecheck();
    try {
      return again.current().holder().equals(caller.holder());
    } catch (StatusException e) {
      return UNDECIDED.contains(e.getStatus().getCode());
    } catch (RuntimeException bug) {
      // Or nobody would look at this caller again, not even at the end of its proof.
      LOG.error("{} was not attested anew", caller.holder(), bug);
      return true;
    }
  }

  // Looks at the clock now and then: a timer stands still while the machine is suspended.
  private synchronized void schedule() {
    if (!closed) {
      Instant due = end.isBefore(recheckAt) ? end : recheckAt;
      Duration left = Duration.between(now(), due);
      next =
          shared.timer().after(left.compareTo(LONGEST_WAIT) < 0 ? left : LONGEST_WAIT, this::look);
    }
  }

  private Instant now() {
    return shared.clock().instant();
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
