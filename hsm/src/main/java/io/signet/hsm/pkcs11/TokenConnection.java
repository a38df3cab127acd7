package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.RecoveryListener;
import java.time.Duration;
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
  private final RecoveryListener listener;
  private final LongSupplier nanoTime;
  private @Nullable S current;
  private @Nullable CustodyException refusal;
  private Duration pause = FIRST_PAUSE;
  private long notBefore;
  private long lostAt;
  private boolean closed;

  private TokenConnection(
      String where, Opener<S> opener, RecoveryListener listener, LongSupplier nanoTime, S first) {
    this.where = where;
    this.opener = opener;
    this.listener = listener;
    this.nanoTime = nanoTime;
    this.current = first;
  }

  /**
   * @param where for messages
   * @param nanoTime as {@link System#nanoTime}
   * @throws CustodyException when the first session cannot be made
   */
  static <S extends AutoCloseable> TokenConnection<S> open(
      String where, Opener<S> opener, RecoveryListener listener, LongSupplier nanoTime)
      throws CustodyException {
    return new TokenConnection<>(where, opener, listener, nanoTime, opener.open());
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

  @SuppressWarnings("ReferenceEquality") // which one it is
  private synchronized void lost(S session, CustodyException why) {
    if (current == session) {
      current = null;
      lostAt = nanoTime.getAsLong();
      notBefore = lostAt;
      pause = FIRST_PAUSE;
      release(session);
      listener.lost(why);
    }
  }

  private synchronized S session() throws CustodyException {
    if (closed) {
      throw new CustodyException(Fault.LOST, where + ": the custodian is closed");
    }
    return current == null ? replaced() : current;
  }

  private S replaced() throws CustodyException {
    requireWorthATry();
    try {
      S next = opener.open();
      current = next;
      listener.recovered(Duration.ofNanos(nanoTime.getAsLong() - lostAt));
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
    listener.failed(e);
  }

  private void release(S session) {
    try {
      session.close();
    } catch (Exception e) {
      // It was lost: nothing depends on how it ends.
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (current != null) {
      release(current);
      current = null;
    }
  }
}
