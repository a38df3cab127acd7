package io.signet.ca.issuance;

import io.signet.attestation.Proof;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How much is asked of us, and by whom, before requests are refused: by one address, by one proven
 * caller, by all together (RATE-2). What is refused is cheap and may be tried again soon (ISTIO-29,
 * 32); what is let in keeps its pace. Safe for use by many threads.
 */
public final class Limits {

  // Longer than a burst takes, shorter than a caller's own patience.
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  // After a restart all streams want their SVID at once, and each has time.
  private static final Duration LONGEST_GRANT_WAIT = Duration.ofSeconds(10);

  private static final Refused CROWDED =
      new Refused(Why.OVERLOADED, "more requests than can be served now");
  private static final Refused NO_TURN = new Refused(Why.OVERLOADED, "found no turn in time");

  private final Optional<Buckets> addresses;
  private final Optional<Buckets> callers;
  private final Gate gate;
  private final Gate grants;

  /**
   * A limit that is absent is off.
   *
   * @param perAddress calls from one address
   * @param perCaller requests of one proven caller
   * @param concurrent requests of proven callers that are worked on at once; as many grants beside
   *     them
   * @param nanoTime as {@link System#nanoTime}
   */
  public Limits(
      Optional<RateLimit> perAddress,
      Optional<RateLimit> perCaller,
      OptionalInt concurrent,
      LongSupplier nanoTime) {
    this(perAddress, perCaller, concurrent, LONGEST_WAIT, LONGEST_GRANT_WAIT, nanoTime);
  }

  Limits(
      Optional<RateLimit> perAddress,
      Optional<RateLimit> perCaller,
      OptionalInt concurrent,
      Duration longestWait,
      Duration longestGrantWait,
      LongSupplier nanoTime) {
    this.addresses = perAddress.map(limit -> new Buckets(limit, nanoTime));
    this.callers = perCaller.map(limit -> new Buckets(limit, nanoTime));
    this.gate = new Gate(concurrent.orElse(Integer.MAX_VALUE), longestWait);
    this.grants = new Gate(concurrent.orElse(Integer.MAX_VALUE), longestGrantWait);
  }

  /** No limit at all. */
  public static Limits none() {
    return new Limits(Optional.empty(), Optional.empty(), OptionalInt.empty(), () -> 0);
  }

  /** Why a call from this address is refused before anybody is judged for it, if it is. */
  public Optional<Refused> ofAddress(String address) {
    return addresses.filter(buckets -> !buckets.take(address)).map(_ -> tooOften(address));
  }

  private static Refused tooOften(String address) {
    return new Refused(Why.ADDRESS_LIMITED, address + " calls too often");
  }

  /** Why a request is refused before it is read, if it is: we have more to do than we can. */
  public Optional<Refused> ofAll() {
    return gate.isCrowded() ? Optional.of(CROWDED) : Optional.empty();
  }

  /**
   * Begins the work of a request that was read, unless we have more to do than we can: why not,
   * then. The request is in hand from now on, not only once a thread was found for it, and until
   * its work has ended, even if nobody waits for that any more: however requests come and go, there
   * are never more threads for them than the limit allows.
   *
   * @param workers to do it; must not do it on the calling thread
   */
  public Optional<Refused> begin(Executor workers, Runnable work) {
    if (!gate.enter()) {
      return Optional.of(CROWDED);
    }
    try {
      workers.execute(() -> inHand(work));
      return Optional.empty();
    } catch (RejectedExecutionException e) {
      gate.leave();
      return Optional.of(CROWDED);
    }
  }

  private void inHand(Runnable work) {
    try {
      work.run();
    } finally {
      gate.leave();
    }
  }

  /** Does the work for a proven caller when it is its turn, or not at all. */
  IssuanceOutcome inTurn(Proof caller, Call call, Supplier<IssuanceOutcome> work) {
    if (callers.isPresent() && !callers.get().take(holder(caller, call))) {
      return new Refused(Why.CALLER_LIMITED, caller.id() + " asks too often");
    }
    if (!gate.awaitTurn()) {
      return NO_TURN;
    }
    try {
      return call.isOver() ? nobodyWaits(caller) : work.get();
    } finally {
      gate.endTurn();
    }
  }

  // Not the identity alone: a thousand pods may share it, and restart together. Whoever cannot be
  // told apart from others of its identity is by its address; so is who shows a certificate, for
  // whoever has one can get another.
  private static String holder(Proof caller, Call call) {
    String instance = caller instanceof Proof.HeldSvid ? "" : caller.instance();
    return caller.id() + " " + (instance.isEmpty() ? call.address() : instance);
  }

  private static Refused nobodyWaits(Proof caller) {
    return new Refused(Why.ABANDONED, caller.id() + " does not wait for the answer any more");
  }

  /**
   * The issuance of what was granted before, each in its turn. It has turns of its own: a storm of
   * streams does not keep requests waiting, nor the other way round.
   */
  public GrantedIssuance boundingGrants(GrantedIssuance issuance) {
    return (grant, key, holder) -> {
      if (!grants.awaitTurn()) {
        return NO_TURN;
      }
      try {
        return issuance.issue(grant, key, holder);
      } finally {
        grants.endTurn();
      }
    };
  }

  /** Requests that were read and whose work has not ended yet. */
  public int requestsInHand() {
    return gate.inHand();
  }

  /** Those among them that wait for their turn. */
  public int requestsWaiting() {
    return gate.waiting();
  }

  /** Those among them that have their turn. */
  public int requestsInTurn() {
    return gate.inTurn();
  }
}
