package io.signet.ca.delivery;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.HolderReport;
import io.signet.ca.rotation.Holders;
import io.signet.sds.AckLedger;
import io.signet.sds.Had;
import io.signet.sds.Holder;
import io.signet.sds.Standing;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sums up the streams of each holder and reports what has changed, in few writes and not at each
 * acknowledgement: to be run about once a second. What could not be reported stays and is reported
 * later. Safe for use by many threads, one run at a time.
 */
public final class HolderWatch implements Renewal.Work, AutoCloseable {

  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final int BATCH = 500;

  // A proxy that lost its connection opens its streams again one after the other, here or at
  // another replica, at once or after long. Until the one for the bundle is there, what it had of
  // it still counts; and so does what a holder had that left.
  private static final Duration BACK_SOON = Duration.ofMinutes(1);

  private static final Had NOTHING = new Had(Optional.empty(), Optional.empty(), Optional.empty());

  private final AckLedger acks;
  private final Holders holders;
  private final Clock clock;
  private final Map<Holder, Known> known = new HashMap<>();

  // Of whom this process does not know yet what was reported before.
  private final Set<Holder> strangers = new HashSet<>();
  private volatile Instant due = Instant.EPOCH;

  /** All open streams of a holder, and what all of them have. */
  private record Open(int streams, Had has) {

    private static final Open NONE = new Open(0, NOTHING);

    private static Open of(Standing standing) {
      return new Open(1, new Had(standing.bundle(), standing.generation(), standing.refusal()));
    }

    private Open and(Open other) {
      return new Open(streams + other.streams, has.and(other.has));
    }
  }

  /**
   * A fact about a holder, and when it was last true of a stream.
   *
   * @param value absent if there never was such a stream, or not lately
   */
  private record Fact<T>(Optional<T> value, Instant at) {

    private Fact<T> next(Optional<T> open, Optional<T> gone, boolean isHere, Instant now) {
      if (open.isPresent() || gone.isPresent()) {
        return new Fact<>(open.or(() -> gone), now);
      }
      return isHere && !now.isBefore(at.plus(BACK_SOON)) ? new Fact<>(Optional.empty(), at) : this;
    }

    /** It counts for a while from now on. */
    private Fact<T> anew(Instant now) {
      return new Fact<>(value, now);
    }

    private Fact<T> or(Optional<T> kept, Instant now) {
      return value.isPresent() ? this : new Fact<>(kept, now);
    }
  }

  /**
   * A holder.
   *
   * @param seen when it had a stream last
   * @param written what was reported of it last
   */
  private record Known(
      HolderReport report,
      Fact<Long> bundle,
      Fact<Integer> generation,
      Instant seen,
      @Nullable HolderReport written) {

    private boolean isUnwritten() {
      return !report.equals(written);
    }

    private Known back(Instant now) {
      return new Known(report, bundle.anew(now), generation.anew(now), seen, written);
    }

    private Known recalling(List<HolderReport> kept, Instant now) {
      Fact<Long> had = bundle.or(newest(kept, HolderReport::bundle), now);
      Fact<Integer> under = generation.or(newest(kept, HolderReport::generation), now);
      HolderReport whole =
          changed(report, report.streams(), had.value(), under.value(), report.refusal(), now);
      return new Known(whole, had, under, seen, written);
    }

    private Known wrote() {
      return new Known(report, bundle, generation, seen, report);
    }

    private boolean isOver(Instant now) {
      return report.streams() == 0 && !isUnwritten() && !now.isBefore(seen.plus(BACK_SOON));
    }
  }

  /**
   * Nothing is known yet.
   *
   * @param acks what the streams of this process have
   * @param holders where it is reported
   */
  public HolderWatch(AckLedger acks, Holders holders, Clock clock) {
    this.acks = acks;
    this.holders = holders;
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
    look(acks.takeGone(), open());
    recall();
    write();
    known.values().removeIf(one -> one.isOver(clock.instant()));
  }

  private Map<Holder, Open> open() {
    Map<Holder, Open> open = new HashMap<>();
    acks.subscribers()
        .forEach(standing -> open.merge(standing.who().holder(), Open.of(standing), Open::and));
    return open;
  }

  private void look(Map<Holder, Had> gone, Map<Holder, Open> open) {
    Instant now = clock.instant();
    gone.keySet().forEach(who -> meet(who, now));
    open.keySet().forEach(who -> meet(who, now));
    known.replaceAll((who, before) ->
        next(before, open.getOrDefault(who, Open.NONE), gone.getOrDefault(who, NOTHING), now));
  }

  private void meet(Holder who, Instant now) {
    if (!known.containsKey(who)) {
      known.put(who, unseen(who, now));
      strangers.add(who);
    }
  }

  private static Known unseen(Holder who, Instant now) {
    HolderReport none =
        new HolderReport(key(who), 0, Optional.empty(), Optional.empty(), Optional.empty(), now);
    return new Known(
        none, new Fact<>(Optional.empty(), now), new Fact<>(Optional.empty(), now), now, null);
  }

  private static Known next(Known was, Open open, Had gone, Instant now) {
    boolean isHere = open.streams() > 0;
    Known before = isHere && was.report().streams() == 0 ? was.back(now) : was;
    Fact<Long> bundle = before.bundle().next(open.has().bundle(), gone.bundle(), isHere, now);
    Fact<Integer> generation =
        before.generation().next(open.has().generation(), gone.generation(), isHere, now);
    Optional<String> refusal =
        isHere ? open.has().refusal() : gone.refusal().or(before.report()::refusal);
    return new Known(
        changed(before.report(), open.streams(), bundle.value(), generation.value(), refusal, now),
        bundle,
        generation,
        isHere ? now : before.seen(),
        before.written());
  }

  // The time is that of the last change, and equal reports are one.
  private static HolderReport changed(
      HolderReport before,
      int streams,
      Optional<Long> bundle,
      Optional<Integer> generation,
      Optional<String> refusal,
      Instant now) {
    HolderReport same =
        new HolderReport(before.holder(), streams, bundle, generation, refusal, before.at());
    return same.equals(before)
        ? before
        : new HolderReport(before.holder(), streams, bundle, generation, refusal, now);
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

  private static <T> Optional<T> newest(
      List<HolderReport> kept, Function<HolderReport, Optional<T>> what) {
    return kept.stream()
        .filter(one -> what.apply(one).isPresent())
        .max(Comparator.comparing(HolderReport::at))
        .flatMap(what);
  }

  private void write() throws LedgerException {
    List<Map.Entry<Holder, Known>> due =
        known.entrySet().stream().filter(one -> one.getValue().isUnwritten()).toList();
    for (int from = 0; from < due.size(); from += BATCH) {
      write(due.subList(from, Math.min(due.size(), from + BATCH)));
    }
  }

  private void write(List<Map.Entry<Holder, Known>> batch) throws LedgerException {
    List<HolderReport> reports = new ArrayList<>();
    batch.forEach(one -> reports.add(one.getValue().report()));
    holders.report(reports);
    batch.forEach(one -> known.computeIfPresent(one.getKey(), (_, written) -> written.wrote()));
  }

  /** The server stops, and all streams with it: each holder has left with what it had last. */
  @Override
  public synchronized void close() {
    try {
      look(acks.takeGone(), open());
      recall();
      Instant now = clock.instant();
      known.replaceAll((_, one) -> next(one, Open.NONE, NOTHING, now));
      write();
    } catch (LedgerException e) {
      System.getLogger(HolderWatch.class.getName())
          .log(System.Logger.Level.WARNING, "who had which bundle at the end is not kept", e);
    }
  }
}
