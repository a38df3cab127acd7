package io.signet.hsm.vault;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a token that lives. {@link #runDue()}, called every second or so, renews or replaces it in
 * time; who needs one while there is none, or whose token was refused, has one login made, and all
 * others wait for that one (VAUTH-5).
 *
 * <p>Logins but the first are 1 to 5 s apart; refused ones up to five minutes, for Vault locks a
 * name that fails too often. They never end: a refusal may be a mistake that somebody corrects
 * (VAUTH-6).
 *
 * <p>A token that was replaced is ended at the next {@link #runDue()}, which leaves calls that have
 * it some time, and makes no caller wait.
 */
final class Tokens {

  private static final Logger LOG = System.getLogger(Tokens.class.getName());

  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);
  private static final Duration FAREWELL = Duration.ofSeconds(1);
  private static final int MOST_DOUBLINGS = 6; // 64 times 1 to 5 s: five minutes at most

  private final VaultSettings settings;
  private final Login login;
  private final Timing timing;
  private final ReentrantLock flight = new ReentrantLock();
  private final Queue<Lease> replaced = new ConcurrentLinkedQueue<>();
  private volatile Lease lease;
  private volatile boolean closed;
  // Of the flight:
  private Instant nextLogin = Instant.MIN;
  private int refusals;
  private @Nullable CustodyException lastFailure;

  /** Logs in, once: a wrong secret is not shown twice (CT-6). */
  Tokens(VaultSettings settings, Login login, Timing timing) throws CustodyException {
    this.settings = settings;
    this.login = login;
    this.timing = timing;
    this.lease = login.login();
  }

  /** A token that lives. */
  Secret current(Deadline deadline) throws CustodyException {
    Lease held = lease;
    return held.livesAt(timing.now()) ? held.token() : insteadOf(held.token(), deadline);
  }

  /**
   * A token that is not this one, which was refused or is over.
   *
   * @throws CustodyException {@link Fault#DENIED} also when the last login was a moment ago: it
   *     will not help then
   */
  Secret insteadOf(Secret useless, Deadline deadline) throws CustodyException {
    takeFlight(deadline);
    try {
      if (closed) { // meanwhile: nobody would end another token
        throw failure(Fault.LOST, "it is closed", null);
      }
      return isUseful(useless) ? lease.token() : loggedIn().token();
    } finally {
      flight.unlock();
    }
  }

  private void takeFlight(Deadline deadline) throws CustodyException {
    try {
      if (!flight.tryLock(deadline.left(), TimeUnit.NANOSECONDS)) {
        throw failure(Fault.BUSY, "the login that is under way takes too long", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(Fault.BUSY, "the wait for a login was interrupted", e);
    }
  }

  private boolean isUseful(Secret useless) {
    return lease.token() != useless && lease.livesAt(timing.now());
  }

  private Lease loggedIn() throws CustodyException {
    if (timing.now().isBefore(nextLogin)) {
      throw tooEarly();
    }
    try {
      Lease fresh = login.login();
      refusals = 0;
      lastFailure = null;
      replaced.add(lease);
      lease = fresh;
      LOG.log(Level.INFO, "{0}: logged in; the token ends {1}", settings.where(), fresh.ends());
      return fresh;
    } catch (CustodyException e) {
      refusals = e.fault() == Fault.DENIED ? Math.min(refusals + 1, MOST_DOUBLINGS) : 0;
      lastFailure = e;
      LOG.log(Level.WARNING, "login failed: {0}", e.getMessage());
      throw e;
    } finally {
      nextLogin = timing.now().plus(waitTime().multipliedBy(1L << Math.max(0, refusals - 1)));
    }
  }

  private Duration waitTime() {
    return timing.between(SHORTEST_WAIT, LONGEST_WAIT);
  }

  private CustodyException tooEarly() {
    CustodyException last = lastFailure;
    return last == null
        ? failure(Fault.DENIED, "its token is refused, and the last login is too recent", null)
        : failure(last.fault(), "no login before " + nextLogin + ": " + last.getMessage(), last);
  }

  /** When the token of now ends; {@link Instant#MAX} when it never does. */
  Instant end() {
    return lease.end();
  }

  /** Does what is due; what fails is tried again at a later call. */
  void runDue() {
    endReplaced(Deadline.in(FAREWELL));
    if (!flight.tryLock()) {
      return; // a login is under way
    }
    try {
      switch (lease.step(timing.now())) {
        case NONE -> {}
        case RENEW -> renew();
        case REPLACE -> replace();
      }
    } finally {
      flight.unlock();
    }
  }

  private void renew() {
    try {
      lease = login.renewed(lease);
      LOG.log(Level.DEBUG, "{0}: token renewed, it ends {1}", settings.where(), lease.ends());
    } catch (CustodyException e) {
      LOG.log(Level.WARNING, "token not renewed, it ends {0}: {1}", lease.ends(), e.getMessage());
      Instant later = timing.now().plus(waitTime());
      lease = e.fault() == Fault.DENIED ? lease.notRenewable(later) : lease.dueAt(later);
    }
  }

  private void replace() {
    if (timing.now().isBefore(nextLogin)) {
      return;
    }
    try {
      Lease _ = loggedIn();
    } catch (CustodyException e) {
      // It is in the log. The old token may be good for some time yet.
    }
  }

  /**
   * Ends the tokens that are ours to end, if Vault is there to be told. A login that is under way
   * is waited for, because its token is one of them.
   */
  void close() {
    closed = true;
    try {
      takeFlight(Deadline.in(settings.deadline()));
    } catch (CustodyException e) {
      LOG.log(Level.DEBUG, "the token of a login that is under way is not revoked", e);
      return;
    }
    try {
      replaced.add(lease);
      endReplaced(Deadline.in(FAREWELL));
    } finally {
      flight.unlock();
    }
  }

  private void endReplaced(Deadline deadline) {
    for (Lease old = replaced.poll(); old != null; old = replaced.poll()) {
      try {
        login.revoke(old, deadline);
      } catch (CustodyException e) {
        LOG.log(Level.DEBUG, "token not revoked, it ends {0}: {1}", old.ends(), e.getMessage());
      }
    }
  }

  private CustodyException failure(Fault fault, String why, @Nullable Exception cause) {
    return new CustodyException(fault, settings.where() + ": " + why, cause);
  }
}
