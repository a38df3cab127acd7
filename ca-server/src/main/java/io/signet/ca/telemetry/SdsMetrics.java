package io.signet.ca.telemetry;

import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.attestation.Evidence;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Holder;
import io.signet.sds.Subscriber;
import io.signet.sds.envoy.SdsListener;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what happens on the streams of the secret discovery service, and logs what somebody should
 * look at: a NACK (SDS-9), a secret withheld (SDS-5) and a name without a secret (SDS-6).
 */
public final class SdsMetrics implements SdsListener {

  private static final int LONGEST_NAME = 200;
  private static final int MOST_NAMES = 20;
  private static final int ALARMS_PER_SECOND = 1;
  private static final int WORDS_PER_SECOND = 20;

  private static final Logger LOG = LoggerFactory.getLogger(SdsMetrics.class);

  private final AtomicInteger streams;
  private final Counter pushes;
  private final Counter acks;
  private final Counter nacks;
  private final Counter missing;
  private final Counter withheld;
  private final Counter refused;
  private final Counter denied;
  private final Counter notRenewed;
  private final MeterRegistry registry;
  private final AuditLog audit;
  private final Throttle alarms;
  // A peer decides how often these are said.
  private final Throttle words;
  private volatile Supplier<List<Instant>> failing = List::of;

  /**
   * Registers its metrics.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  public SdsMetrics(MeterRegistry registry, AuditLog audit, LongSupplier nanoTime) {
    this.registry = registry;
    this.audit = audit;
    this.alarms = new Throttle(ALARMS_PER_SECOND, nanoTime);
    this.words = new Throttle(WORDS_PER_SECOND, nanoTime);
    streams = registry.gauge("signet.sds.streams", new AtomicInteger());
    pushes = registry.counter("signet.sds.pushes");
    acks = registry.counter("signet.sds.acks");
    nacks = registry.counter("signet.sds.nacks");
    missing = registry.counter("signet.sds.missing");
    withheld = registry.counter("signet.sds.withheld");
    refused = registry.counter("signet.sds.refused");
    denied = registry.counter("signet.sds.denied");
    notRenewed = registry.counter("signet.sds.not.renewed");
  }

  /**
   * The alarm for SVIDs that should have been renewed and were not: how many, and how long the
   * first of them is still good.
   *
   * @param ends until when each of them is good
   */
  public void watch(Supplier<List<Instant>> ends, Clock clock) {
    failing = ends;
    Gauge.builder("signet.sds.failing", ends, all -> all.get().size()).register(registry);
    Gauge.builder("signet.sds.failing.left", ends, all -> secondsLeft(all.get(), clock))
        .baseUnit("seconds")
        .register(registry);
  }

  // Not a number where none fails, so that an alarm on few seconds stays silent.
  private static double secondsLeft(List<Instant> ends, Clock clock) {
    return ends.stream()
        .min(Comparator.naturalOrder())
        .map(end -> Math.max(0.0, Duration.between(clock.instant(), end).toMillis() / 1000.0))
        .orElse(Double.NaN);
  }

  /** An SVID was not renewed; thousands may fail together. */
  public void notRenewed(Holder holder, RenewalException why) {
    notRenewed.increment();
    OptionalLong others = alarms.pass();
    if (others.isPresent()) {
      List<Instant> ends = failing.get();
      LOG.error(
          "the SVID of {} was not renewed, as those of {} others; the first of them is good until {}",
          holder,
          Math.max(0, ends.size() - 1),
          ends.stream().min(Comparator.naturalOrder()).map(Instant::toString).orElse("now"),
          why);
    }
  }

  /** A stream was refused because of its caller. */
  public void refused(Call call, List<Evidence> shown, Refused why) {
    refused.increment();
    audit.decided(Asker.of(call, shown), why);
  }

  /** A caller may hold no SVID; its streams go on without one (SDS-6). */
  public void denied(Refused why) {
    denied.increment();
    audit.decided(Asker.OURSELVES, why);
  }

  @Override
  public void opened(Subscriber who) {
    streams.incrementAndGet();
  }

  @Override
  public void sent(Subscriber who, Map<String, String> versions) {
    pushes.increment(versions.size());
  }

  @Override
  public void acked(Subscriber who, Ack ack) {
    acks.increment();
  }

  @Override
  public void nacked(Subscriber who, Nack nack) {
    nacks.increment();
    OptionalLong heldBack = words.pass();
    if (heldBack.isPresent()) {
      LOG.warn(
          "{} refused what it was sent: {} (and {} more lines of proxies were left out)",
          who,
          nack,
          heldBack.getAsLong());
    }
  }

  @Override
  public void missing(Subscriber who, Set<String> names) {
    missing.increment(names.size());
    OptionalLong heldBack = words.pass();
    if (heldBack.isPresent()) {
      LOG.info(
          "{} asks for names without a secret: {} (and {} more lines of proxies were left out)",
          who,
          names.stream().map(SdsMetrics::printable).limit(MOST_NAMES).toList(),
          heldBack.getAsLong());
    }
  }

  // The peer chose them: neither their length nor their characters may spoil the log.
  private static String printable(String name) {
    String shown = name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "...";
    return shown.replaceAll("\\p{Cntrl}", "?");
  }

  @Override
  public void withheld(Subscriber who, String name, RuntimeException why) {
    withheld.increment();
    LOG.error("{} keeps its old {}: the new one is unfit to be sent", who, name, why);
  }

  @Override
  public void closed(Subscriber who, Status status) {
    streams.decrementAndGet();
  }
}
