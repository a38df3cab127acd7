package io.signet.ca.rotation;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Laggard.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Holders in memory, over a ledger in memory: each question looks at everything anew. Fails when
 * told to.
 */
public final class FakeHolders implements Holders, PodHolders {

  private final FakeLedger ledger;
  private final Map<String, Map<String, HolderReport>> reports;
  private final Map<String, Instant> clusters;
  private final Map<String, Long> gone;
  private final String replica;
  private final Queue<LedgerException> failures = new ConcurrentLinkedQueue<>();

  /** Of the first replica. */
  public FakeHolders(FakeLedger ledger) {
    this(ledger, new HashMap<>(), new HashMap<>(), new HashMap<>(), "one");
  }

  private FakeHolders(
      FakeLedger ledger,
      Map<String, Map<String, HolderReport>> reports,
      Map<String, Instant> clusters,
      Map<String, Long> gone,
      String replica) {
    this.ledger = ledger;
    this.reports = reports;
    this.clusters = clusters;
    this.gone = gone;
    this.replica = replica;
  }

  /** The same, of another replica. */
  public FakeHolders of(String other) {
    return new FakeHolders(ledger, reports, clusters, gone, other);
  }

  /** The next report is not kept. */
  public void failNextReport(LedgerException failure) {
    failures.add(failure);
  }

  /** What this replica has reported of each holder. */
  public synchronized Map<String, HolderReport> reported() {
    return Map.copyOf(reports.getOrDefault(replica, Map.of()));
  }

  @Override
  public synchronized void report(List<HolderReport> seen) throws LedgerException {
    @Nullable LedgerException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
    Map<String, HolderReport> mine = reports.computeIfAbsent(replica, _ -> new HashMap<>());
    seen.forEach(one -> mine.put(one.holder(), one));
  }

  @Override
  public synchronized List<HolderReport> reported(Collection<String> holders) {
    return holders.stream().flatMap(this::seen).toList();
  }

  @Override
  public synchronized Progress lacking(long bundle, Instant now, int most) {
    Count count = new Count();
    for (String holder : holders(now)) {
      List<LedgerEntry> asked = leaves(holder, now, entry -> bundle(entry) > 0);
      List<LedgerEntry> fed = leaves(holder, now, entry -> bundle(entry) == 0);
      if (!asked.isEmpty()) {
        long lesser =
            asked.stream()
                .mapToLong(FakeHolders::bundle)
                .filter(one -> one < bundle)
                .max()
                .orElse(0);
        boolean there =
            last(asked, one -> isSigned(one) && bundle(one) >= bundle)
                > last(asked, one -> bundle(one) < bundle);
        count.add(there, Kind.CLIENT, holder, told(lesser), latest(asked), Optional.empty());
      }
      List<HolderReport> seen = seen(holder, HolderReport::bundle, now);
      boolean counts = !fed.isEmpty() || seen(holder).anyMatch(one -> one.streams() > 0);
      if (!fed.isEmpty() && seen(holder).findAny().isEmpty()) {
        count.add(false, Kind.SUBSCRIBER, holder, told(0), latest(fed), Optional.empty());
      } else if (counts && !seen.isEmpty()) {
        long has = seen.stream().mapToLong(one -> one.bundle().orElseThrow()).min().orElseThrow();
        count.add(
            has >= bundle, Kind.SUBSCRIBER, holder, told(has), since(holder), refusal(holder));
      }
    }
    singles(now)
        .forEach(one ->
            count.add(
                isSigned(one) && bundle(one) >= bundle,
                Kind.CLIENT,
                one.intent().receiver().holder().orElseThrow().toString(),
                told(isSigned(one) ? bundle(one) : 0),
                one.intent().at(),
                Optional.empty()));
    return count.progress(most);
  }

  /** The place of the last of them, in the order in which they were recorded; -1 for none. */
  private static int last(List<LedgerEntry> asked, Predicate<LedgerEntry> which) {
    for (int place = asked.size() - 1; place >= 0; place--) {
      if (which.test(asked.get(place))) {
        return place;
      }
    }
    return -1;
  }

  private static String told(long bundle) {
    return bundle == 0 ? "no bundle" : "bundle " + bundle;
  }

  @Override
  public synchronized Progress under(int generation, Instant now, int most) {
    Count count = new Count();
    String has = "SVID under generation " + generation;
    for (String holder : holders(now)) {
      List<LedgerEntry> asked = leaves(holder, now, entry -> bundle(entry) > 0);
      List<LedgerEntry> fed = leaves(holder, now, entry -> bundle(entry) == 0);
      if (!asked.isEmpty()) {
        boolean replaced =
            last(asked, one -> generation(one) == generation)
                <= last(asked, one -> isSigned(one) && generation(one) != generation);
        count.add(replaced, Kind.CLIENT, holder, has, latest(asked), Optional.empty());
      }
      if (!fed.isEmpty()) {
        boolean wasFed = fed.stream().anyMatch(one -> generation(one) == generation);
        List<HolderReport> seen = seen(holder, HolderReport::generation, now);
        boolean unknown = seen(holder).findAny().isEmpty();
        boolean mayHave = unknown || (!seen.isEmpty() && !isOther(seen, generation));
        boolean wasLast =
            last(fed, one -> generation(one) == generation)
                > last(fed, one -> isSigned(one) && generation(one) != generation);
        count.add(
            !(wasFed && (mayHave || (wasLast && !seen.isEmpty()))),
            Kind.SUBSCRIBER,
            holder,
            has,
            unknown ? latest(fed) : since(holder),
            refusal(holder));
      }
    }
    singles(now)
        .forEach(one ->
            count.add(
                generation(one) != generation,
                Kind.CLIENT,
                one.intent().receiver().holder().orElseThrow().toString(),
                has,
                one.intent().at(),
                Optional.empty()));
    return count.progress(most);
  }

  private static boolean isOther(List<HolderReport> seen, int generation) {
    int first = seen.getFirst().generation().orElseThrow();
    return first != 0
        && first != generation
        && seen.stream().allMatch(one -> one.generation().orElseThrow() == first);
  }

  private Set<String> holders(Instant now) {
    Set<String> all = new TreeSet<>();
    live(now, "leaf").forEach(entry -> all.add(holder(entry)));
    reports.values().forEach(seen -> all.addAll(seen.keySet()));
    boolean _ = all.removeIf(this::isGone);
    return all;
  }

  private boolean isGone(String holder) {
    return last(holder) <= gone.getOrDefault(holder, -1L)
        && seen(holder).allMatch(one -> one.streams() == 0);
  }

  /** The place of its last certificate among all. */
  private long last(String holder) {
    return last(
        ledger.entries(),
        entry ->
            entry.intent().profile().equals("leaf")
                && entry
                    .intent()
                    .receiver()
                    .holder()
                    .filter(one -> one.toString().equals(holder))
                    .isPresent());
  }

  @Override
  public synchronized void attested(Collection<String> ids, Instant ends) {
    ids.forEach(id -> clusters.merge(id, ends, (one, two) -> one.isAfter(two) ? one : two));
  }

  @Override
  public synchronized Set<String> clusters(Instant now) {
    Set<String> all = new TreeSet<>(clusters.keySet());
    boolean _ = all.removeIf(id -> !clusters.getOrDefault(id, now).isAfter(now));
    return all;
  }

  @Override
  public synchronized List<PodHolder> present(Instant now) {
    return live(now, "leaf")
        .map(entry -> entry.intent().receiver().holder().orElseThrow())
        .distinct()
        .filter(key -> key.pod().isPresent() && !gone.containsKey(key.toString()))
        .map(key -> new PodHolder(key, key.pod().orElseThrow(), last(key.toString())))
        .toList();
  }

  @Override
  public synchronized void gone(Collection<PodHolder> pods) {
    pods.forEach(pod -> gone.putIfAbsent(pod.key().toString(), pod.last()));
  }

  private Stream<LedgerEntry> live(Instant now, String profile) {
    return ledger.entries().stream()
        .filter(entry -> entry.intent().profile().equals(profile))
        .filter(entry -> !(entry.result() instanceof Result.Withdrawn))
        .filter(entry -> !ledger.isUnreceived(entry.intent().serial()))
        .filter(entry -> entry.intent().notAfter().isAfter(now))
        .filter(entry -> entry.intent().receiver().holder().isPresent());
  }

  private Stream<LedgerEntry> singles(Instant now) {
    return live(now, "issuing");
  }

  private List<LedgerEntry> leaves(String holder, Instant now, Predicate<LedgerEntry> which) {
    return live(now, "leaf").filter(one -> holder(one).equals(holder)).filter(which).toList();
  }

  private static String holder(LedgerEntry entry) {
    return entry.intent().receiver().holder().orElseThrow().toString();
  }

  private static long bundle(LedgerEntry entry) {
    return entry.intent().receiver().bundle();
  }

  private static int generation(LedgerEntry entry) {
    return entry.intent().receiver().generation();
  }

  private static boolean isSigned(LedgerEntry entry) {
    return entry.signature().isPresent();
  }

  private static Instant latest(List<LedgerEntry> entries) {
    return entries.stream()
        .map(LedgerEntry::intent)
        .map(Intent::at)
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  private Stream<HolderReport> seen(String holder) {
    return reports.values().stream().map(of -> of.get(holder)).filter(Objects::nonNull);
  }

  // Those on open streams that say something of it; else the last that did.
  private <T> List<HolderReport> seen(
      String holder, Function<HolderReport, Optional<T>> what, Instant now) {
    List<HolderReport> open = seen(holder).filter(one -> one.streams() > 0).toList();
    List<HolderReport> telling = open.stream().filter(one -> what.apply(one).isPresent()).toList();
    return telling.isEmpty()
        ? seen(holder)
            .filter(one -> one.streams() == 0 && what.apply(one).isPresent())
            .filter(one -> open.isEmpty() || one.at().isAfter(now.minus(Duration.ofMinutes(1))))
            .sorted(Comparator.comparing(HolderReport::at).reversed())
            .limit(1)
            .toList()
        : telling;
  }

  private Instant since(String holder) {
    return counted(holder).getFirst().at();
  }

  private Optional<String> refusal(String holder) {
    return counted(holder).stream().flatMap(one -> one.refusal().stream()).findFirst();
  }

  private List<HolderReport> counted(String holder) {
    List<HolderReport> open = seen(holder).filter(one -> one.streams() > 0).toList();
    return open.isEmpty()
        ? seen(holder).sorted(Comparator.comparing(HolderReport::at).reversed()).limit(1).toList()
        : open;
  }

  private static final class Count {
    private long all;
    private final List<Laggard> laggards = new ArrayList<>();

    void add(
        boolean isThere,
        Kind kind,
        String holder,
        String has,
        Instant since,
        Optional<String> problem) {
      all++;
      if (!isThere) {
        laggards.add(new Laggard(kind, HolderKey.parse(holder).name(), has, since, problem));
      }
    }

    Progress progress(int most) {
      laggards.sort(
          Comparator.comparing((Laggard one) -> one.problem().isEmpty())
              .thenComparing(Laggard::since)
              .thenComparing(Laggard::name));
      return new Progress(
          all, laggards.size(), laggards.subList(0, Math.min(most, laggards.size())));
    }
  }
}
