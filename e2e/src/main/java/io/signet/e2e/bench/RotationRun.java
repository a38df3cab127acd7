package io.signet.e2e.bench;

import io.signet.ca.config.Durations;
import io.signet.e2e.bench.RotationDatabase.Step;
import io.signet.e2e.bench.RotationDatabase.Writes;
import io.signet.e2e.bench.RotationFigures.Cpu;
import io.signet.e2e.bench.RotationFigures.Memory;
import io.signet.e2e.bench.RotationFigures.Phase;
import io.signet.e2e.bench.RotationFigures.Pushes;
import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Measures one rotation of the root, of a pair of servers that start and end with it. */
final class RotationRun {

  private static final ProxyFleet.Pace PACE = new ProxyFleet.Pace(256, Optional.empty());
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration LOAD_WARMUP = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(25);

  private static final int CSRS = 200;
  private static final int LONGEST_STATUS = 2_000;

  private final RotationPlan plan;
  private final Consumer<String> news;
  private final Clock clock;
  private final ProxyWire wire;
  private final ProxyIdentities identities;
  private final ProxyIdentities.Someone client;

  /**
   * @param news told what happens, a line each
   */
  RotationRun(RotationPlan plan, Consumer<String> news, Clock clock) {
    this.plan = plan;
    this.news = news;
    this.clock = clock;
    this.wire = plan.wire();
    this.identities = ProxyIdentities.create(clock);
    this.client = identities.someone(plan.subscribers());
  }

  RotationFigures measure(Program program)
      throws BenchException, IOException, InterruptedException {
    try (ReplicaPair pair = ReplicaPair.start(program, identities, configuration())) {
      int half = plan.subscribers() / 2;
      FleetTally east = new FleetTally(plan.subscribers() - half);
      FleetTally west = new FleetTally(half);
      try (ProxyFleet eastFleet = new ProxyFleet(pair.east().door(false), wire, east, true);
          ProxyFleet westFleet = new ProxyFleet(pair.west().door(false), wire, west, true)) {
        Duration ready = comingUp(eastFleet, westFleet, east, west);
        return new Measured(pair, List.of(east, west)).figures(ready);
      }
    }
  }

  // Those that ask for certificates are nobody whom one could tell apart (HOLD in
  // docs/rotation.md),
  // so that each of theirs counts until it ends; hence their shorter lives.
  private String configuration() {
    String lifetime = Durations.format(plan.lifetime());
    return """
    svid: { default-lifetime: %s, max-lifetime: %s }
    rotation: { window: %s, deadline: 1d }
    entitlements:
    - { caller: "%s", max-lifetime: %s }
    """
        .formatted(
            lifetime,
            lifetime,
            Durations.format(plan.window()),
            client.id(),
            Durations.format(plan.clientLifetime()));
  }

  private Duration comingUp(
      ProxyFleet eastFleet, ProxyFleet westFleet, FleetTally east, FleetTally west)
      throws BenchException, InterruptedException {
    int inEast = plan.subscribers() - plan.subscribers() / 2;
    List<ProxyFleet.Script> scripts = identities.scripts(wire, 0, plan.subscribers());
    long start = System.nanoTime();
    eastFleet.come(scripts.subList(0, inEast), PACE);
    westFleet.come(scripts.subList(inEast, scripts.size()), PACE);
    if (!east.awaitReady(PATIENCE) || !west.awaitReady(PATIENCE)) {
      throw new BenchException(
          "%d of %d subscribers got ready in time: %s %s"
              .formatted(
                  east.readyCount() + west.readyCount(),
                  plan.subscribers(),
                  east.failures(),
                  west.failures()));
    }
    Duration ready = Duration.ofNanos(System.nanoTime() - start);
    news.accept("%,d subscribers are ready".formatted(plan.subscribers()));
    return ready;
  }

  /** What is looked at while all are there. */
  private final class Measured {
    private final ReplicaPair pair;
    private final List<FleetTally> fleets;
    private final List<Phase> phases = new ArrayList<>();
    private Moment last;

    /** What was counted at one moment. */
    private record Moment(Cpu cpu, Writes writes, List<PushCount> pushes) {}

    Measured(ReplicaPair pair, List<FleetTally> fleets) throws BenchException {
      this.pair = pair;
      this.fleets = fleets;
      this.last = moment();
    }

    private Moment moment() throws BenchException {
      List<PushCount> pushes = fleets.stream().map(FleetTally::countAnew).toList(); // soonest
      return new Moment(
          new Cpu(
              pair.east().usage().cpuTicks(),
              pair.west().usage().cpuTicks(),
              pair.database().cpuTicks(),
              ProcessUsage.of(ProcessHandle.current().pid()).cpuTicks()),
          pair.database().writes(),
          pushes);
    }

    RotationFigures figures(Duration ready)
        throws BenchException, IOException, InterruptedException {
      Path allRoots = pair.folder().resolve("all-roots.pem");
      Path _ = Files.writeString(allRoots, Files.readString(pair.east().bundleFile()));
      CsrPool csrs = CsrPool.make(client.id(), KeyAlgorithm.EC_P256, CSRS);
      List<Target> targets = pair.replicas().stream().map(this::target).toList();
      try (HeapWatch heaps = HeapWatch.start(pair.replicas());
          OngoingIssuance issuance = OngoingIssuance.start(targets, csrs, plan.rate())) {
        Phase before = steady(issuance);
        rotate(issuance);
        issuance.stop();
        Path roots = pair.east().bundleFile();
        Path _ = Files.writeString(allRoots, Files.readString(allRoots) + Files.readString(roots));
        int verified = issuance.verify(client, allRoots) + verifySvids(allRoots, roots);
        return new RotationFigures(
            plan, ready, before, phases, memory(heaps), verified, failures());
      }
    }

    private Target target(SdsServer replica) {
      return Target.of(
          replica.workload(), replica.bundleFile(), client.token(), client.id(), replica.pid());
    }

    private Phase steady(OngoingIssuance issuance) throws BenchException, InterruptedException {
      Thread.sleep(LOAD_WARMUP);
      Tally _ = issuance.countAnew();
      last = moment();
      long start = System.nanoTime();
      Thread.sleep(plan.steady());
      return phase("steady", Duration.ofNanos(System.nanoTime() - start), issuance);
    }

    private Phase phase(String name, Duration time, OngoingIssuance issuance)
        throws BenchException {
      Moment before = last;
      Tally issued = issuance.countAnew();
      last = moment();
      return new Phase(
          name,
          time,
          last.cpu().since(before.cpu()),
          before.pushes().stream()
              .map(Measured::pushes)
              .reduce(new Pushes(0, 0, 0, 0), Pushes::and),
          last.writes().since(before.writes()),
          issued.ended(System.nanoTime()));
    }

    private static Pushes pushes(PushCount count) {
      return new Pushes(
          count.pushes(ProxyStream.SVID),
          count.pushes(ProxyStream.BUNDLE),
          count.unchanged(),
          count.acks());
    }

    private void rotate(OngoingIssuance issuance)
        throws BenchException, IOException, InterruptedException {
      RotationDatabase database = pair.database();
      Step present = database.stepsAfter(-1).getLast();
      Instant began = clock.instant();
      pair.rotate();
      long deadline = System.nanoTime() + plan.patience().toNanos();
      String name = "starting";
      while (!present.over() || name.equals("starting")) {
        for (Step next : database.stepsAfter(present.number())) {
          if (!next.phase().equals(present.phase()) || next.over()) {
            Duration time = Duration.between(began, next.at());
            phases.add(phase(name, time, issuance));
            news.accept("%s took %.1f s".formatted(name, time.toMillis() / 1e3));
            name = next.phase().equals("steady") ? "destroying" : next.phase();
            began = next.at();
          }
          present = next;
        }
        require(System.nanoTime() < deadline);
        Thread.sleep(LOOK);
      }
    }

    private void require(boolean inTime) throws BenchException, IOException, InterruptedException {
      if (!inTime) {
        String status = pair.status();
        throw new BenchException(
            "the rotation is not over after %d s: %s"
                .formatted(
                    plan.patience().toSeconds(),
                    status.substring(0, Math.min(status.length(), LONGEST_STATUS))));
      }
    }

    private List<Memory> memory(HeapWatch heaps)
        throws BenchException, IOException, InterruptedException {
      List<Memory> memory = new ArrayList<>();
      for (int i = 0; i < pair.replicas().size(); i++) {
        SdsServer replica = pair.replicas().get(i);
        memory.add(
            new Memory(
                ProcessUsage.peakResidentBytes(replica.pid()),
                heaps.most(i),
                replica.memory().liveHeapBytes()));
      }
      return memory;
    }

    private int verifySvids(Path allRoots, Path roots) throws BenchException, IOException {
      int verified = 0;
      for (FleetTally fleet : fleets) {
        verified += SvidCheck.verifyAll(fleet.samples(), plan.api(), allRoots);
        int _ = SvidCheck.verifyAll(newest(fleet), plan.api(), roots);
      }
      return verified;
    }

    // Nobody has anything of the old root any more.
    private static Iterable<FleetTally.Sample> newest(FleetTally fleet) {
      Map<Integer, FleetTally.Sample> newest = new LinkedHashMap<>();
      fleet.samples().forEach(sample -> newest.put(sample.proxy(), sample));
      return newest.values();
    }

    private Map<String, Long> failures() {
      Map<String, Long> failures = new TreeMap<>();
      fleets.forEach(
          fleet -> fleet.failures().forEach((why, count) -> failures.merge(why, count, Long::sum)));
      return failures;
    }
  }
}
