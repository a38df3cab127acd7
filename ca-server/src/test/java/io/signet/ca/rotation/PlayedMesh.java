package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Laggard.Kind;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.rotation.Replicas.Report;
import io.signet.ca.rotation.RotationRunner.Outlook;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.KeyLabel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Servers, proxies on streams and clients that ask, as a model: everything that the rules of a
 * rotation are about, and nothing of how it is done. Events come in any order.
 */
final class PlayedMesh {

  private static final Duration LIFE = Duration.ofMinutes(60);
  private static final Generation FIRST = new Generation(1, new KeyLabel("root-1"));
  private static final int MOST_PARTIES = 8;

  private final Random random;
  private final Flaw flaw;
  private final TestClock clock = new TestClock();
  private final FakeJournal journal = new FakeJournal(Rotations.first(FIRST, Fixtures.NOW));
  private final FakeKeys keys = new FakeKeys(FIRST);
  private final List<Server> servers = new ArrayList<>();
  private final List<Party> parties = new ArrayList<>();
  private final List<Leaf> ledger = new ArrayList<>();
  private final Map<String, Row> rows = new HashMap<>();
  private int drawn;

  /** What servers could do wrong. */
  enum Flaw {
    NONE,

    /** One says that it has a bundle before it has kept what it knows of its streams. */
    REPORTS_TOO_EARLY,

    /** What a proxy has refused counts as what it has. */
    TAKES_NACKS_FOR_ACKS
  }

  PlayedMesh(Random random, Flaw flaw) throws LedgerException {
    this.random = random;
    this.flaw = flaw;
    for (int i = 0; i < 2; i++) {
      Server server = new Server("server-" + i);
      servers.add(server);
      server.follow();
    }
  }

  /** An entry of the ledger; the bundle is what its answer carried, 0 where only an ACK counts. */
  private static final class Leaf {
    final String holder;
    final int generation;
    final long bundle;
    final Instant end;
    boolean answered;

    Leaf(String holder, int generation, long bundle, Instant end) {
      this.holder = holder;
      this.generation = generation;
      this.bundle = bundle;
      this.end = end;
    }
  }

  /** What one server has seen of one holder, as the store has it. */
  private record Row(
      String holder, boolean open, long bundle, Optional<Integer> generation, long at) {}

  /** Who has a certificate, and whom it trusts. */
  private static final class Party {
    final String name;
    final boolean streams;
    final boolean wantsLeaf;
    Optional<Server> server = Optional.empty();
    Set<Integer> trust = Set.of();
    Optional<Leaf> leaf = Optional.empty();
    Optional<Leaf> coming = Optional.empty();
    boolean frozen;
    boolean refuses;

    Party(String name, boolean streams, boolean wantsLeaf) {
      this.name = name;
      this.streams = streams;
      this.wantsLeaf = wantsLeaf;
    }

    boolean shows(Instant now) {
      return leaf.filter(held -> held.end.isAfter(now)).isPresent();
    }
  }

  private final class Server {
    final String id;
    final Map<String, Row> seen = new HashMap<>();
    final Rotations rotations;
    final RotationRunner runner;
    boolean isUp = true;
    boolean reachesStore = true;
    boolean reachesToken = true;
    long bundle;
    Set<Integer> trust = Set.of();
    int issuing;
    Instant until = Instant.MIN;
    Report reported = new Report(0, 0, 0, 0);
    long followed;
    Instant reportedAt = Instant.MIN;

    Server(String id) {
      this.id = id;
      RotationPolicy policy =
          new RotationPolicy(
              false, Optional.empty(), LIFE, LIFE, LIFE.dividedBy(4), random.nextBoolean());
      this.rotations =
          new Rotations(
              journal, keys, new Members(), new Known(), policy, Optional::empty, _ -> {}, clock);
      this.runner =
          new RotationRunner(journal, rotations, keys, () -> reachesStore, _ -> {}, clock);
    }

    void follow() {
      if (!reachesStore) {
        return;
      }
      RotationState state = journal.state();
      trust = state.trusted().stream().map(Generation::number).collect(Collectors.toSet());
      bundle = state.bundle();
      followed = journal.steps();
      until = clock.instant().plus(LIFE.dividedBy(2));
      if (reachesToken) {
        issuing = state.active().number();
      }
      report();
    }

    boolean isForgotten() {
      return !clock.instant().isBefore(reportedAt.plus(LIFE));
    }

    boolean issues() {
      return reachesStore && trust.contains(issuing) && clock.instant().isBefore(until);
    }

    void report() {
      if (!reachesStore) {
        return;
      }
      if (flaw != Flaw.REPORTS_TOO_EARLY) {
        flush();
      }
      int newest = journal.state().other().map(Generation::number).orElse(issuing);
      reported =
          new Report(followed, bundle, reachesToken ? Math.max(newest, issuing) : issuing, issuing);
      reportedAt = clock.instant();
    }

    void flush() {
      if (reachesStore) {
        seen.values().forEach(row -> rows.put(row.holder() + " on " + id, row));
        seen.clear();
      }
    }

    void sees(Party party, boolean open, Optional<Long> bundle, Optional<Integer> generation) {
      Row before = row(party);
      seen.put(
          party.name,
          new Row(
              party.name,
              open,
              bundle.orElse(before.bundle()),
              generation.or(before::generation),
              drawn++));
    }

    // What was kept of it by any server; of several the newest.
    private Row row(Party party) {
      Row none = new Row(party.name, false, 0, Optional.empty(), 0);
      return Optional.ofNullable(seen.get(party.name))
          .or(() ->
              rows.values().stream()
                  .filter(row -> row.holder().equals(party.name))
                  .max(Comparator.comparingLong(Row::at)))
          .orElse(none);
    }

    void crash() {
      isUp = false;
      reachesStore = false;
      seen.clear();
      parties.stream()
          .filter(party -> party.server.filter(this::equals).isPresent())
          .forEach(party -> party.server = Optional.empty());
    }

    // It knows that no stream is open.
    void start() {
      isUp = true;
      reachesStore = true;
      reachesToken = true;
      rows.replaceAll((key, row) ->
          key.endsWith(" on " + id)
              ? new Row(row.holder(), false, row.bundle(), row.generation(), row.at())
              : row);
      follow();
    }
  }

  private final class Members implements Replicas {
    @Override
    public void report(Report mine) {}

    @Override
    public List<Replica> all() {
      return servers.stream()
          .map(server ->
              new Replica(
                  server.id,
                  server.reported,
                  server.reportedAt,
                  Duration.between(server.reportedAt, clock.instant()),
                  Duration.ZERO))
          .toList();
    }

    @Override
    public Instant heard() {
      return clock.instant();
    }

    @Override
    public void leave() {}
  }

  /** The gates as design and contract say, by the simplest means. */
  private final class Known implements Holders {
    @Override
    public Progress lacking(long bundle, Instant now, int most) {
      Set<String> all = live(now);
      rows.values().stream().filter(Row::open).map(Row::holder).forEach(all::add);
      return progress(
          all,
          holder -> {
            List<Leaf> asked = of(holder, now).stream().filter(leaf -> leaf.bundle > 0).toList();
            boolean onStreams =
                counting(holder).stream().anyMatch(Row::open)
                    || asked.size() < of(holder, now).size();
            return (!asked.isEmpty() && has(asked) < bundle)
                || (onStreams && acked(holder) < bundle);
          });
    }

    // The last answer counts, and what is being answered after it: a server that lags behind may
    // have answered after one that does not.
    private long has(List<Leaf> asked) {
      long least = Long.MAX_VALUE;
      for (Leaf leaf : asked.reversed()) {
        least = Math.min(least, leaf.bundle);
        if (leaf.answered) {
          return least;
        }
      }
      return least;
    }

    private long acked(String holder) {
      return counting(holder).stream().mapToLong(Row::bundle).min().orElse(0);
    }

    // Those with an open stream all count; of the others the newest.
    private List<Row> counting(String holder) {
      List<Row> all = rows.values().stream().filter(row -> row.holder().equals(holder)).toList();
      List<Row> open = all.stream().filter(Row::open).toList();
      return open.isEmpty()
          ? all.stream().max((a, b) -> Long.compare(a.at(), b.at())).stream().toList()
          : open;
    }

    @Override
    public Progress under(int generation, Instant now, int most) {
      Set<String> all = live(now);
      all.removeIf(
          holder -> of(holder, now).stream().noneMatch(leaf -> leaf.generation == generation));
      return progress(all, holder -> !hasReplaced(holder, generation, now));
    }

    private boolean hasReplaced(String holder, int generation, Instant now) {
      List<Leaf> answers =
          of(holder, now).stream().filter(leaf -> leaf.bundle > 0 && leaf.answered).toList();
      if (!answers.isEmpty()) {
        return answers.getLast().generation != generation;
      }
      List<Leaf> fed = of(holder, now).stream().filter(leaf -> leaf.bundle == 0).toList();
      if (!fed.isEmpty() && fed.getLast().generation == generation) {
        return false;
      }
      List<Row> counting = counting(holder);
      return !counting.isEmpty()
          && counting.stream()
              .allMatch(row -> row.generation().filter(acked -> acked != generation).isPresent());
    }

    private Set<String> live(Instant now) {
      return ledger.stream()
          .filter(leaf -> leaf.end.isAfter(now))
          .map(leaf -> leaf.holder)
          .collect(Collectors.toCollection(HashSet::new));
    }

    private List<Leaf> of(String holder, Instant now) {
      return ledger.stream()
          .filter(leaf -> leaf.holder.equals(holder) && leaf.end.isAfter(now))
          .toList();
    }

    private Progress progress(Set<String> all, Predicate<String> lags) {
      List<Laggard> laggards =
          all.stream()
              .filter(lags)
              .map(name ->
                  new Laggard(Kind.SUBSCRIBER, name, "less", clock.instant(), Optional.empty()))
              .toList();
      return new Progress(all.size(), laggards.size(), laggards);
    }

    @Override
    public void report(List<HolderReport> seen) {}

    @Override
    public List<HolderReport> reported(Collection<String> keys) {
      return List.of();
    }
  }

  /** One event of any kind. */
  void happens() throws LedgerException, RotationException {
    Server server = servers.get(random.nextInt(servers.size()));
    switch (random.nextInt(32)) {
      case 0, 1, 2 -> server.follow();
      case 3, 4 -> server.report();
      case 5 -> server.flush();
      case 6, 7 -> {
        server.follow(); // who leads is in step
        Outlook _ = server.runner.run();
      }
      case 8 -> clock.advance(Duration.ofMinutes(1 + random.nextInt(10)));
      case 9 -> joins(server);
      case 10 -> comesAndGoes(server);
      case 11 -> breaksOrHeals(server);
      case 12 -> acts(server);
      default -> party(server);
    }
  }

  private void joins(Server server) {
    if (parties.size() >= MOST_PARTIES) {
      parties.remove(random.nextInt(parties.size())); // gone, and its certificates live on
      return;
    }
    drawn++;
    boolean streams = random.nextBoolean();
    Party party = new Party("party-" + drawn, streams, !streams || random.nextInt(4) > 0);
    parties.add(party);
    if (streams) {
      connects(party, server);
    }
  }

  private void connects(Party party, Server server) {
    if (!server.reachesStore) {
      return; // it is not ready, so nobody new is sent to it
    }
    party.server = Optional.of(server);
    party.coming = Optional.empty();
    if (!party.shows(clock.instant())) {
      party.trust = Set.of(); // nobody could know that it was still there
    }
    server.sees(party, true, Optional.of(0L), Optional.empty());
  }

  private void comesAndGoes(Server server) {
    List<Party> streaming = parties.stream().filter(party -> party.streams).toList();
    if (streaming.isEmpty()) {
      return;
    }
    Party party = streaming.get(random.nextInt(streaming.size()));
    if (party.server.isEmpty()) {
      connects(party, server);
    } else {
      Server left = party.server.get();
      Row row = left.row(party);
      left.sees(party, false, Optional.of(row.bundle()), row.generation());
      party.server = Optional.empty();
    }
  }

  private void breaksOrHeals(Server server) {
    switch (random.nextInt(6)) {
      case 0 -> server.reachesStore = false;
      case 1 -> server.reachesToken = false;
      case 2 -> server.crash();
      default -> heals(server);
    }
  }

  private static void heals(Server server) {
    if (server.isUp && !server.reachesStore && server.isForgotten()) {
      server.crash(); // who was on it has heard nothing for longer than anything lives
    }
    if (server.isUp) {
      server.reachesStore = true;
      server.reachesToken = true;
    } else {
      server.start();
    }
  }

  private void acts(Server server) throws LedgerException {
    try {
      switch (random.nextInt(4)) {
        case 0 -> server.rotations.cancel("alice", "not today");
        default -> server.rotations.start("alice", "yearly", Optional.empty());
      }
    } catch (RefusedException e) {
      // It is not the time for it.
    }
  }

  private void party(Server server) {
    if (parties.isEmpty()) {
      return;
    }
    Party party = parties.get(random.nextInt(parties.size()));
    if (random.nextInt(20) == 0) {
      party.frozen = !party.frozen;
    }
    if (random.nextInt(20) == 0) {
      party.refuses = !party.refuses;
    }
    if (party.frozen) {
      return;
    }
    if (party.streams) {
      party.server.ifPresent(at -> streams(party, at));
    } else {
      asks(party, server);
    }
  }

  private void streams(Party party, Server at) {
    switch (random.nextInt(3)) {
      case 0 -> isTold(party, at);
      case 1 -> {
        if (party.wantsLeaf && at.issues() && party.coming.isEmpty()) {
          party.coming = Optional.of(intended(party, at, 0));
        }
      }
      default -> receives(party, at);
    }
  }

  // A NACK: it goes on with what it had.
  private void isTold(Party party, Server at) {
    if (!party.refuses) {
      party.trust = at.trust;
    }
    if (!party.refuses || flaw == Flaw.TAKES_NACKS_FOR_ACKS) {
      at.sees(party, true, Optional.of(at.bundle), Optional.empty());
    }
  }

  private void receives(Party party, Server at) {
    Optional<Leaf> coming = party.coming;
    party.coming = Optional.empty();
    if (!party.refuses && coming.isPresent() && isGood(coming.get(), at)) {
      party.leaf = coming;
      coming.get().answered = true;
      at.sees(party, true, Optional.empty(), Optional.of(coming.get().generation));
    }
  }

  private void asks(Party party, Server server) {
    if (party.coming.isEmpty()) {
      if (server.issues()) {
        party.server = Optional.of(server);
        party.coming = Optional.of(intended(party, server, server.bundle));
      }
      return;
    }
    Leaf coming = party.coming.get();
    Optional<Server> answering = party.server;
    party.coming = Optional.empty();
    if (answering.isPresent() && isGood(coming, answering.get())) {
      Server at = answering.get();
      coming.answered = true;
      party.leaf = Optional.of(coming);
      party.trust = at.trust;
    }
  }

  private Leaf intended(Party party, Server at, long bundle) {
    Leaf leaf = new Leaf(party.name, at.issuing, bundle, clock.instant().plus(LIFE));
    ledger.add(leaf);
    return leaf;
  }

  // The intent is there, and the authority is still the one that signs.
  private boolean isGood(Leaf leaf, Server at) {
    return at.issues() && at.issuing == leaf.generation && leaf.end.isAfter(clock.instant());
  }

  /** Who does not trust whom, if so. */
  Optional<String> distrust() {
    Instant now = clock.instant();
    for (Party one : parties) {
      for (Party other : parties) {
        if (one.shows(now)
            && takesPart(other, now)
            && !other.trust.contains(one.leaf.orElseThrow().generation)) {
          return Optional.of(
              "%s trusts %s, %s shows one of generation %d"
                  .formatted(other.name, other.trust, one.name, one.leaf.orElseThrow().generation));
        }
      }
    }
    return Optional.empty();
  }

  private static boolean takesPart(Party party, Instant now) {
    return !party.trust.isEmpty()
        && (party.shows(now)
            || (party.streams && party.server.filter(at -> at.reachesStore).isPresent()));
  }

  /** How often a new authority began to sign. */
  int rotations() {
    return (int) journal.phases().stream().filter("activated"::equals).count();
  }

  @Override
  public String toString() {
    return journal.phases() + " " + journal.state();
  }
}
