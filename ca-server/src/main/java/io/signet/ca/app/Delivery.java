package io.signet.ca.app;

import io.signet.ca.authorization.Entitlements;
import io.signet.ca.config.SdsNames;
import io.signet.ca.config.SecureName;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.delivery.SessionTickets;
import io.signet.ca.delivery.SvidFeeds;
import io.signet.ca.delivery.SvidMaker;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.telemetry.SdsMetrics;
import io.signet.sds.AckLedger;
import io.signet.sds.BundleForm;
import io.signet.sds.Holder;
import io.signet.sds.Naming;
import io.signet.sds.Timer;
import io.signet.sds.Trust;
import io.signet.sds.TrustAnchors;
import io.signet.sds.envoy.Callers;
import io.signet.sds.envoy.SdsEndpoint;
import io.signet.sds.envoy.SdsService;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.security.SecureRandom;
import java.security.cert.X509CRL;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What delivers secrets to proxies: one for all listeners, with an endpoint for each. */
final class Delivery {

  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  private final SvidFeeds feeds;
  private final SdsService service;
  private final Map<String, Set<SpiffeId>> servers;

  private Delivery(SvidFeeds feeds, SdsService service, Map<String, Set<SpiffeId>> servers) {
    this.feeds = feeds;
    this.service = service;
    this.servers = servers;
  }

  /**
   * Delivers from now on, to whoever comes to an endpoint.
   *
   * @param ledger keeps who has acknowledged what
   * @param life gets what is to be closed again
   */
  static Delivery open(
      SignetConfig config,
      SvidMaker maker,
      Supplier<Entitlements> entitlements,
      AckLedger ledger,
      SdsMetrics metrics,
      Clock clock,
      Timer timer,
      Lifecycle life) {
    ExecutorService streams = life.started(streamExecutor());
    Map<String, Set<SpiffeId>> servers = servers(config.sds().secureNaming());
    SvidFeeds feeds =
        life.started(
            new SvidFeeds(
                maker,
                entitlements,
                Trust.NONE,
                new SessionTickets(new SecureRandom(), clock),
                timer,
                clock,
                Runtime.getRuntime().availableProcessors(),
                new Alarms(metrics)));
    metrics.watch(feeds::failing, clock);
    life.started(
        Renewal.started(new TicketRotation(feeds, clock), timer, clock, Delivery::unexpected));
    SdsService service =
        new SdsService(feeds, ledger, metrics, config.sds().recheck(), clock, timer, streams);
    return new Delivery(feeds, service, servers);
  }

  private static ExecutorService streamExecutor() {
    return Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("sds-", 0).factory());
  }

  private static Map<String, Set<SpiffeId>> servers(List<SecureName> names) {
    Map<String, Set<SpiffeId>> servers = new HashMap<>();
    names.forEach(name -> name.hosts().forEach(host -> servers.put(host, Set.copyOf(name.ids()))));
    return servers;
  }

  private record Alarms(SdsMetrics metrics) implements SvidFeeds.Listener {
    @Override
    public void failed(Holder holder, RenewalException why) {
      metrics.notRenewed(holder, why);
    }

    @Override
    public void denied(Holder holder, String reason) {
      metrics.denied(new Refused(Why.NOT_ENTITLED, reason));
    }
  }

  private static void unexpected(RenewalException e) {
    LOG.error("session tickets were not renewed", e);
  }

  private static final class TicketRotation extends Periodic {
    private final SvidFeeds feeds;

    TicketRotation(SvidFeeds feeds, Clock clock) {
      super(SessionTickets.PERIOD, clock);
      this.feeds = feeds;
    }

    @Override
    public void run() {
      feeds.refreshTickets();
      isDone();
    }
  }

  /** The service for the callers of one listener. */
  SdsEndpoint endpoint(Callers callers, String listener, SdsNames names) {
    return new SdsEndpoint(service, callers, listener, naming(names));
  }

  private static Naming naming(SdsNames names) {
    return new Naming(
        names.defaultSvid(),
        names.ownBundle(),
        names.allBundles(),
        switch (names.form()) {
          case TRUSTED_CA -> BundleForm.TRUSTED_CA;
          case SPIFFE_VALIDATOR -> BundleForm.SPIFFE_VALIDATOR;
        });
  }

  /** What callers may hold is other than it was. */
  void entitlementsChanged() {
    feeds.entitlementsChanged();
  }

  /**
   * SVIDs are signed under the root of this generation now: those of others are replaced over this
   * window. To be said again from time to time.
   */
  void authorityIs(int generation, Duration window) {
    feeds.reissue(generation, window);
  }

  /** Makes each SVID anew that does not count any more, within a minute. */
  void renewUnless(Predicate<X509Svid> counts) {
    feeds.renewUnless(counts);
  }

  /**
   * From now on everybody trusts these; before the first time nobody trusts anybody.
   *
   * @param crls of our own CAs, of all or of none
   */
  void trustIs(TrustBundle own, List<X509CRL> crls, List<TrustBundle> federated) {
    feeds.trustIs(
        Trust.of(
            new TrustAnchors(own, crls),
            federated.stream().map(TrustAnchors::new).toList(),
            servers));
  }
}
