package io.signet.ca.app;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.app.CustodianCheck.Sought;
import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.config.KeysConfig;
import io.signet.ca.http.KeysStatus;
import io.signet.ca.http.KeysStatus.RootKey;
import io.signet.ca.http.KeysStatus.Trouble;
import io.signet.ca.telemetry.CustodianMetrics;
import io.signet.hsm.CustodianEvent;
import io.signet.hsm.CustodianEvent.Failed;
import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.Signed;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianEvent.Waited;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.WatchedKeyCustodian;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one status of key custody (KC-8): what was heard and seen of the custodian of the root's key,
 * from the time before it is open. Safe for use by many threads.
 */
final class KeyCustody implements CustodianListener {

  private static final Logger LOG = LoggerFactory.getLogger(KeyCustody.class);

  private final KeysConfig config;
  private final MeterRegistry registry;
  private final Clock clock;
  private final String kind;
  private final String where;
  private final CustodianMetrics metrics;
  private final Counter losses;
  private final Counter recoveries;
  private volatile Supplier<CustodianStatus> device = () -> CustodianStatus.IN_PROCESS;
  private volatile Optional<CaRecord> ca = Optional.empty();
  private volatile Optional<Instant> seen = Optional.empty();
  private volatile Optional<Trouble> problem = Optional.empty();
  private volatile Optional<Trouble> lastError = Optional.empty();

  KeyCustody(KeysConfig config, MeterRegistry registry, Clock clock) {
    this.config = config;
    this.registry = registry;
    this.clock = clock;
    this.kind = Custodians.kind(config.custodian());
    this.where = Custodians.where(config.custodian());
    this.metrics = new CustodianMetrics(registry, kind);
    this.losses =
        Counter.builder("signet.custodian.losses")
            .description("How often the connection to the root's key was lost")
            .register(registry);
    this.recoveries =
        Counter.builder("signet.custodian.recoveries")
            .description("How often it was there again without a restart")
            .register(registry);
    var _ =
        Gauge.builder("signet.custodian.up", () -> status().usable() ? 1 : 0)
            .description("Whether the custodian holds the root's key now")
            .strongReference(true)
            .register(registry);
  }

  /** Which key it is about from now on. */
  void caIs(CaRecord record) {
    ca = Optional.of(record);
  }

  /** Which key it is about, once there is one. */
  Optional<Sought> sought() {
    Optional<CaRecord> record = ca;
    return record
        .flatMap(CaRecord::chain)
        .map(chain -> new Sought(record.get().label(), chain.certificate().getPublicKey()));
  }

  private RootKey key(CaRecord record) {
    KeyAlgorithm algorithm =
        record
            .chain()
            .flatMap(chain -> KeyAlgorithm.of(chain.certificate().getPublicKey()))
            .orElse(config.algorithm());
    return new RootKey(record.label(), algorithm);
  }

  /** The custodian cannot be opened yet. */
  void waits(CustodyException why) {
    happened(new Failed(why));
    problem = Optional.of(trouble(why));
  }

  /** It is open; what is done with it from now on is heard of here. */
  KeyCustodian opened(KeyCustodian custodian) {
    problem = Optional.empty();
    device = custodian::status;
    CustodianMetrics.bind(registry, clock, custodian);
    return new WatchedKeyCustodian(custodian, this);
  }

  /** One that keeps issuing keys only, in this process: its figures stand beside the others. */
  KeyCustodian beside(KeyCustodian custodian) {
    return new WatchedKeyCustodian(custodian, new CustodianMetrics(registry, "memory"));
  }

  /** The root's key was looked for. Told in the log once, however often it is the same. */
  void looked(Optional<CustodyException> why) {
    boolean before = problem.isEmpty();
    problem = why.map(this::trouble);
    if (problem.isEmpty()) {
      seen = Optional.of(clock.instant());
    }
    if (before && problem.isPresent()) {
      LOG.warn("the root's key cannot be used now, it is tried again: {}", problem.get());
    } else if (!before && problem.isEmpty()) {
      LOG.info("the root's key can be used again");
    }
  }

  /** Why the root's key cannot be used now: which, where, and what to check. */
  Optional<String> problem() {
    return problem.map(trouble ->
        "%s in %s: %s"
            .formatted(
                ca.map(record -> "key " + key(record)).orElse("the root's key"), kind, trouble));
  }

  KeysStatus status() {
    return new KeysStatus(
        clock.instant(),
        kind,
        where,
        config.issuing().name().toLowerCase(Locale.ROOT),
        ca.map(this::key),
        seen,
        problem,
        device.get(),
        (long) losses.count(),
        (long) recoveries.count(),
        lastError);
  }

  @Override
  public void happened(CustodianEvent event) {
    metrics.happened(event);
    switch (event) {
      case Signed _, Waited _ -> {}
      case Failed(CustodyException why) -> lastError = Optional.of(trouble(why));
      case Lost(CustodyException why) -> {
        losses.increment();
        lastError = Optional.of(trouble(why));
        LOG.warn("the custodian lost its keys and connects anew: {}", why.getMessage());
      }
      case StillLost(CustodyException why) -> {
        lastError = Optional.of(trouble(why));
        LOG.debug("the custodian is still without its keys: {}", why.getMessage());
      }
      case Recovered(Duration outage) -> {
        recoveries.increment();
        LOG.info("the custodian has its keys again, after {}", outage);
      }
    }
  }

  private Trouble trouble(CustodyException why) {
    return new Trouble(clock.instant(), why.fault(), String.valueOf(why.getMessage()));
  }
}
