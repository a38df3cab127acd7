package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connection with the token for as long as the custodian is open. One that is lost is replaced
 * by whoever notices first, while the others wait for it (P11-2); what they did is then done once
 * more (KC-6). After a failure nobody tries again for a while, ever longer; after a refusal, such
 * as of the PIN, nobody does (P11-8). Safe for use by many threads.
 *
 * @param <S> the session with the token
 */
final class TokenConnection<S extends AutoCloseable> implements AutoCloseable {

  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration RELEASE = Duration.ofSeconds(1);

  /** Makes a new session. */
  interface Opener<S> {
    S open() throws CustodyException;
  }

  /** What is done with a session. */
  interface Use<S, T> {
    T on(S session) throws CustodyException;
  }

  private final String where;
  private final Opener<S> opener;
  private final Duration patience;
  private final CustodianListener listener;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable S> current;
  private final ReentrantLock changing = new ReentrantLock();
  private volatile long lostAt;
  private volatile boolean closed;
  // Of whoever changes it:
  private @Nullable CustodyException refusal;
  private Duration pause = FIRST_PAUSE;
  private long notBefore;

  private TokenConnection(
      String where,
      Opener<S> opener,
      Duration patience,
      CustodianListener listener,
      LongSupplier nanoTime,
      S first) {
    this.where = where;
    this.opener = opener;
    this.patience = patience;
    this.listener = listener;
    this.nanoTime = nanoTime;
    this.current = new AtomicReference<>(first);
    this.notBefore = nanoTime.getAsLong();
  }

  /**
   * @param where for messages
   * @param patience how long one waits for another who makes it anew
   * @param nanoTime as {@link System#nanoTime}
   * @throws CustodyException when the first session cannot be made
   */
  static <S extends AutoCloseable> TokenConnection<S> open(
      String where,
      Opener<S> opener,
      Duration patience,
      CustodianListener listener,
      LongSupplier nanoTime)
      throws CustodyException {
    return new TokenConnection<>(where, opener, patience, listener, nanoTime, opener.open());
  }

  /** Does it, and once more when the connection was lost: it must have the same effect then. */
  <T> T with(Use<S, T> use) throws CustodyException {
    S session = session();
    try {
      return on(session, use);
    } catch (CustodyException e) {
      if (isLoss(e)) {
        return once(use);
      }
      throw e;
    }
  }

  /** Does it once: whether it had an effect before the connection was lost, nobody knows. */
  <T> T once(Use<S, T> use) throws CustodyException {
    return on(session(), use);
  }

  private <T> T on(S session, Use<S, T> use) throws CustodyException {
    try {
      return use.on(session);
    } catch (CustodyException e) {
      if (isLoss(e)) {
        lost(session, e);
      }
      throw e;
    }
  }

  // P11-5: a library that somebody has finalized is initialised again with the next session.
  private static boolean isLoss(CustodyException e) {
    return e.fault() == Fault.LOST || e.fault() == Fault.FATAL;
  }

  // Released before another is made: after P11-5 the library may give its number to the other.
  private void lost(S session, CustodyException why) throws CustodyException {
    take();
    try {
      drop(session, RELEASE, why);
    } finally {
      changing.unlock();
    }
  }

  /** A call of this session was given up: whoever comes next gets another, and not its locks. */
  void abandon(S session, CustodyException why) {
    drop(session, Duration.ZERO, why);
  }

  private void drop(S session, Duration patience, CustodyException why) {
    if (current.compareAndSet(session, null)) {
      lostAt = nanoTime.getAsLong();
      release(session, patience);
      listener.happened(new Lost(why));
    }
  }

  private S session() throws CustodyException {
    S now = current.get();
    if (now != null && !closed) {
      return now;
    }
    take();
    try {
      requireOpen();
      S meanwhile = current.get();
      return meanwhile == null ? replaced() : meanwhile;
    } finally {
      changing.unlock();
    }
  }

  private void take() throws CustodyException {
    try {
      if (!changing.tryLock(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new CustodyException(
            Fault.BUSY, where + ": the connection is being made anew and takes its time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CustodyException(Fault.BUSY, where + ": interrupted", e);
    }
  }

  private void requireOpen() throws CustodyException {
    if (closed) {
      throw new CustodyException(Fault.LOST, where + ": the custodian is closed");
    }
  }

  private S replaced() throws CustodyException {
    requireWorthATry();
    try {
      S next = opener.open();
      pause = FIRST_PAUSE;
      current.set(next);
      listener.happened(new Recovered(Duration.ofNanos(nanoTime.getAsLong() - lostAt)));
      return next;
    } catch (CustodyException e) {
      failed(e);
      throw e;
    }
  }

  private void requireWorthATry() throws CustodyException {
    if (refusal != null) {
      throw new CustodyException(
          Fault.DENIED, refusal.getMessage() + " (not tried again until a restart)", refusal);
    }
    if (nanoTime.getAsLong() - notBefore < 0) {
      throw new CustodyException(
          Fault.LOST, where + ": the connection is lost and is tried again in a moment");
    }
  }

  private void failed(CustodyException e) {
    if (e.fault() == Fault.DENIED) {
      refusal = e;
    }
    notBefore = nanoTime.getAsLong() + pause.toNanos();
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    listener.happened(new StillLost(e));
  }

  // On a thread of its own: a call that hangs may have its locks.
  private void release(S session, Duration patience) {
    Thread releasing =
        Thread.ofPlatform().daemon().name("pkcs11-release").start(() -> closeQuietly(session));
    try {
      boolean _ = releasing.join(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeQuietly(S session) {
    try {
      session.close();
    } catch (Exception e) {
      // It was lost, or is not needed any more: nothing depends on how it ends.
    }
  }

  /** Waits a moment for the session to end, and not for calls that hang. */
  @Override
  public void close() {
    closed = true;
    S now = current.getAndSet(null);
    if (now != null) {
      release(now, RELEASE);
    }
  }
}
