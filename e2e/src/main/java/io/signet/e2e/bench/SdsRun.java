package io.signet.e2e.bench;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Measures delivery to one number of proxies, by a server that starts and ends with it. */
final class SdsRun {

  private static final int MOST_NEWCOMERS = 100_000;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration QUIET = Duration.ofSeconds(2);
  private static final long LOOK_MILLIS = 20;
  private static final String ACKS = "signet_sds_acks_total";

  private final SdsPlan plan;
  private final int proxies;
  private final ProxyWire wire;
  private final ProxyIdentities identities = ProxyIdentities.create(Clock.systemUTC());

  SdsRun(SdsPlan plan, int proxies) {
    this.plan = plan;
    this.proxies = proxies;
    this.wire = plan.wire();
  }

  SdsFigures measure(Program program) throws BenchException, IOException, InterruptedException {
    try (SdsServer server = SdsServer.start(program, plan, identities)) {
      ProxyDoor door = server.door(plan.tls());
      warmUp(door);
      ServerMemory without = server.memory();
      FleetTally tally = new FleetTally(proxies);
      try (ProxyFleet fleet = new ProxyFleet(door, wire, tally, true)) {
        return measured(server, door, fleet, tally, without);
      }
    }
  }

  // Of classes and code that each server needs once, and of a JIT that has seen it all.
  private void warmUp(ProxyDoor door) throws BenchException, InterruptedException {
    FleetTally tally = new FleetTally(plan.warmup());
    try (ProxyFleet fleet = new ProxyFleet(door, wire, tally, false)) {
      fleet.come(identities.scripts(wire, proxies, plan.warmup()), plan.pace());
      if (!tally.awaitReady(PATIENCE)) {
        throw new BenchException(
            "the server does not serve %d proxies: %s".formatted(plan.warmup(), tally.failures()));
      }
    }
  }

  private SdsFigures measured(
      SdsServer server, ProxyDoor door, ProxyFleet fleet, FleetTally tally, ServerMemory without)
      throws BenchException, IOException, InterruptedException {
    SdsFigures.ComingUp comingUp = comingUp(server, fleet, tally);
    Thread.sleep(QUIET);
    var memory = new SdsFigures.Memory(without, server.memory(), proxies);
    Optional<SdsFigures.Renewals> renewals =
        plan.renewals().isPresent()
            ? Optional.of(renewals(server, door, tally, plan.renewals().get()))
            : Optional.empty();
    Optional<SdsFigures.Change> change =
        server.foreign().isPresent()
            ? Optional.of(change(server, tally, server.foreign().get()))
            : Optional.empty();
    int verified = SvidCheck.verifyAll(tally.samples(), SdsApi.SOTW, server.bundleFile());
    return new SdsFigures(proxies, comingUp, memory, renewals, change, verified, tally.failures());
  }

  private SdsFigures.ComingUp comingUp(SdsServer server, ProxyFleet fleet, FleetTally tally)
      throws BenchException, InterruptedException {
    List<ProxyFleet.Script> scripts = identities.scripts(wire, 0, proxies);
    ProcessUsage before = server.usage();
    ProcessUsage own = ownUsage();
    long start = System.nanoTime();
    fleet.come(scripts, plan.pace());
    boolean _ = tally.awaitReady(PATIENCE);
    PushCount pushes = tally.pushes();
    return new SdsFigures.ComingUp(
        tally.readyCount(),
        tally.differentSvids(),
        since(start, tally, 0.99),
        since(start, tally, 1),
        server.usage().cpuMicrosSince(before),
        ownUsage().cpuMicrosSince(own),
        pushes.pushes(ProxyStream.SVID) + pushes.pushes(ProxyStream.BUNDLE),
        pushes.unchanged());
  }

  private static ProcessUsage ownUsage() throws BenchException {
    return ProcessUsage.of(ProcessHandle.current().pid());
  }

  private static Optional<Duration> since(long start, FleetTally tally, double share) {
    return tally.readyNanos(share).stream()
        .mapToObj(nanos -> Duration.ofNanos(nanos - start))
        .findFirst();
  }

  private SdsFigures.Renewals renewals(
      SdsServer server, ProxyDoor door, FleetTally tally, Duration watched)
      throws BenchException, InterruptedException {
    PushCount pushes = tally.countAnew();
    ProcessUsage before = server.usage();
    Tally newcomers = newcomers(door, tally, watched);
    return new SdsFigures.Renewals(
        watched,
        pushes.pushes(ProxyStream.SVID),
        pushes.svidsInBusiestSecond(),
        newcomers,
        server.usage().cpuMicrosSince(before));
  }

  // They take as long as the watch does, since they come at a rate.
  private Tally newcomers(ProxyDoor door, FleetTally tally, Duration watched)
      throws InterruptedException {
    int count =
        Math.clamp(watched.toMillis() * plan.newcomers().perSecond() / 1000, 1, MOST_NEWCOMERS);
    FleetTally came = new FleetTally(count);
    try (ProxyFleet fleet = new ProxyFleet(door, wire, came, false)) {
      fleet.come(
          identities.scripts(wire, proxies + plan.warmup(), count),
          new ProxyFleet.Pace(plan.pace().inFlight(), Optional.of(plan.newcomers())));
      boolean _ = came.awaitReady(PATIENCE);
    }
    came.failures().forEach((why, _) -> tally.failed("newcomer: " + why));
    return came.svids();
  }

  private SdsFigures.Change change(SdsServer server, FleetTally tally, ForeignBundle foreign)
      throws BenchException, IOException, InterruptedException {
    PushCount pushes = tally.countAnew();
    long acksBefore = server.metric(ACKS);
    ProcessUsage before = server.usage();
    long start = System.nanoTime();
    foreign.addRoot();
    await("acceptances of the new bundle", () -> pushes.acks() >= proxies);
    await("acceptances that are counted", () -> server.metric(ACKS) - acksBefore >= proxies);
    long counted = System.nanoTime();
    double cpu = server.usage().cpuMicrosSince(before);
    Thread.sleep(QUIET); // what is pushed twice comes late
    return new SdsFigures.Change(
        Duration.ofNanos(pushes.lastAckNanos() - start),
        Duration.ofNanos(pushes.lastAckNanos() - pushes.firstPushNanos()),
        Duration.ofNanos(counted - start),
        pushes.pushes(ProxyStream.BUNDLE),
        pushes.pushes(ProxyStream.SVID),
        pushes.unchanged(),
        cpu);
  }

  private interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  private static void await(String what, Condition condition)
      throws BenchException, IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() > deadline) {
        throw new BenchException("%s: not all came in %d s".formatted(what, PATIENCE.toSeconds()));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }
}
