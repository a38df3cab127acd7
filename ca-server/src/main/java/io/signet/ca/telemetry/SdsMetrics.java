package io.signet.ca.telemetry;

import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Subscriber;
import io.signet.sds.envoy.SdsListener;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what happens on the streams of the secret discovery service, and logs what somebody should
 * look at: a NACK (SDS-9), a secret withheld (SDS-5) and a name without a secret (SDS-6).
 */
public final class SdsMetrics implements SdsListener {

  private static final int LONGEST_NAME = 200;
  private static final int MOST_NAMES = 20;

  private static final Logger LOG = LoggerFactory.getLogger(SdsMetrics.class);

  private final AtomicInteger streams;
  private final Counter pushes;
  private final Counter acks;
  private final Counter nacks;
  private final Counter missing;
  private final Counter withheld;
  private final Counter refused;
  private final Counter denied;
  private final AuditLog audit;

  public SdsMetrics(MeterRegistry registry, AuditLog audit) {
    this.audit = audit;
    streams = registry.gauge("signet.sds.streams", new AtomicInteger());
    pushes = registry.counter("signet.sds.pushes");
    acks = registry.counter("signet.sds.acks");
    nacks = registry.counter("signet.sds.nacks");
    missing = registry.counter("signet.sds.missing");
    withheld = registry.counter("signet.sds.withheld");
    refused = registry.counter("signet.sds.refused");
    denied = registry.counter("signet.sds.denied");
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
    LOG.warn("{} refused what it was sent: {}", who, nack);
  }

  @Override
  public void missing(Subscriber who, Set<String> names) {
    missing.increment(names.size());
    LOG.info(
        "{} asks for names without a secret: {}",
        who,
        names.stream().map(SdsMetrics::printable).limit(MOST_NAMES).toList());
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
