package io.signet.ca.delivery;

import static java.util.Objects.requireNonNull;

import io.signet.ca.delivery.KnownHolder.Open;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.HolderReport;
import io.signet.ca.rotation.Holders;
import io.signet.sds.AckLedger;
import io.signet.sds.Had;
import io.signet.sds.Holder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Sums up the streams of each holder that was heard of and reports what has changed, in few writes
 * and not at each acknowledgement: to be run about once a second, and as good as free while nothing
 * happens. What could not be reported stays and is reported later. Safe for use by many threads,
 * one run at a time.
 */
public final class HolderWatch implements Renewal.Work, AutoCloseable {

  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final int BATCH = 500;

  // A server of which nothing was heard for longer may be taken for gone, with its streams.
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private final AckLedger acks;
  private final Holders holders;
  private final Supplier<Instant> heard;
  private final Clock clock;
  private final Map<Holder, KnownHolder> known = new HashMap<>();

  // Those to look at also when nothing is heard of them.
  private final Set<Holder> unsettled = new LinkedHashSet<>();

  // Of whom this process does not know yet what was reported before.
  private final Set<Holder> strangers = new HashSet<>();
  private Instant looked = Instant.EPOCH;
  private Instant heardOf;
  private volatile Instant due = Instant.EPOCH;

  /**
   * Nothing is known yet.
   *
   * @param acks what the streams of this process have
   * @param holders where it is reported
   * @param heard when the other servers have heard of this one last
   */
  public HolderWatch(AckLedger acks, Holders holders, Supplier<Instant> heard, Clock clock) {
    this.acks = acks;
    this.holders = holders;
    this.heard = heard;
    this.heardOf = heard.get();
    this.clock = clock;
  }

  @Override
  public Instant due() {
    return due;
  }

  @Override
  public void run() throws RenewalException {
    try {
      report();
      due = clock.instant().plus(EVERY);
    } catch (LedgerException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  private synchronized void report() throws LedgerException {
    look();
    recall();
    writeAllAfterSilence();
    write();
    settle();
  }

  private void writeAllAfterSilence() {
    Instant now = heard.get();
    if (now.isAfter(heardOf.plus(SILENCE))) {
      known.replaceAll((_, one) -> one.unwritten());
      unsettled.addAll(known.keySet());
    }
    heardOf = now;
  }

  // Whoever is not looked at is as it was.
  private void look() {
    Instant now = clock.instant();
    Map<Holder, Had> heard = acks.takeHeard();
    heard.keySet().forEach(who -> meet(who, now));
    unsettled.addAll(heard.keySet());
    for (Holder who : unsettled) {
      Open open = Open.of(acks.subscribers(who));
      Had gone = heard.getOrDefault(who, Had.NOTHING);
      known.computeIfPresent(
          who, (_, before) -> before.unheardOfUntil(looked).next(open, gone, now));
    }
    looked = now;
  }

  private void meet(Holder who, Instant now) {
    if (!known.containsKey(who)) {
      known.put(who, KnownHolder.unseen(key(who), now));
      strangers.add(who);
    }
  }

  // Before anything of them is written, which would be written over it.
  private void recall() throws LedgerException {
    List<Holder> all = List.copyOf(strangers);
    for (int from = 0; from < all.size(); from += BATCH) {
      recall(all.subList(from, Math.min(all.size(), from + BATCH)));
    }
  }

  private void recall(List<Holder> batch) throws LedgerException {
    Instant now = clock.instant();
    Map<String, List<HolderReport>> kept =
        holders.reported(batch.stream().map(HolderWatch::key).toList()).stream()
            .collect(Collectors.groupingBy(HolderReport::holder));
    batch.forEach(who ->
        known.computeIfPresent(
            who, (_, one) -> one.recalling(kept.getOrDefault(key(who), List.of()), now)));
    strangers.removeAll(Set.copyOf(batch));
  }

  private static String key(Holder who) {
    return new HolderKey(who.identity(), who.instance()).toString();
  }

  private void write() throws LedgerException {
    List<Holder> due =
        unsettled.stream()
            .filter(who -> of(who).isUnwritten() && !strangers.contains(who))
            .toList();
    for (int from = 0; from < due.size(); from += BATCH) {
      write(due.subList(from, Math.min(due.size(), from + BATCH)));
    }
  }

  private void write(List<Holder> batch) throws LedgerException {
    holders.report(batch.stream().map(who -> of(who).report()).toList());
    batch.forEach(who -> known.computeIfPresent(who, (_, written) -> written.wrote()));
  }

  // All is written by now.
  private void settle() {
    Instant now = clock.instant();
    unsettled.stream().filter(who -> of(who).isOver(now)).forEach(known::remove);
    unsettled.removeIf(who -> !known.containsKey(who) || of(who).isSettled());
  }

  private KnownHolder of(Holder who) {
    return requireNonNull(known.get(who), () -> "not known: " + who);
  }

  /** The server stops, and all streams with it: each holder has left with what it had last. */
  @Override
  public synchronized void close() {
    look();
    tried(this::recall);
    Instant now = clock.instant();
    known.replaceAll((_, one) -> one.next(Open.NONE, Had.NOTHING, now));
    unsettled.addAll(known.keySet());
    tried(this::write);
  }

  /** Something that the store is needed for. */
  private interface Deed {
    void run() throws LedgerException;
  }

  private static void tried(Deed deed) {
    try {
      deed.run();
    } catch (LedgerException e) {
      System.getLogger(HolderWatch.class.getName())
          .log(System.Logger.Level.WARNING, "who had which bundle at the end is not all kept", e);
    }
  }
}
