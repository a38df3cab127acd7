package io.signet.ca.app;

import io.signet.attestation.Attestor;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.config.Address;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.grpc.WorkloadServer;
import io.signet.ca.http.CrlRoutes;
import io.signet.ca.http.HealthRoutes;
import io.signet.ca.http.KeysRoutes;
import io.signet.ca.http.MetricsRoutes;
import io.signet.ca.http.OperatorServer;
import io.signet.ca.http.Routes;
import io.signet.ca.http.SubscribersRoutes;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.telemetry.AuditLog;
import io.signet.ca.telemetry.ExpiryMetrics;
import io.signet.ca.telemetry.LedgerMetrics;
import io.signet.ca.telemetry.Metrics;
import io.signet.ca.telemetry.RevocationMetrics;
import io.signet.ca.tls.ServingCertificate;
import io.signet.sds.AckLedger;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators see and do, from the first moment of a start. Safe for use by many threads.
 *
 * @param custody of the keys
 * @param acks who has which secret
 * @param revoked what is revoked, as it was seen last
 */
record OperatorSide(
    Setting setting,
    Metrics metrics,
    PhasedReadiness readiness,
    KeyCustody custody,
    AckLedger acks,
    AtomicReference<RevocationState> revoked,
    Administration administration,
    OperatorServer server) {

  private static final Logger LOG = LoggerFactory.getLogger(OperatorSide.class);

  /**
   * Serves it.
   *
   * @throws IOException if its address cannot be served, or the token of administrators is not good
   */
  static OperatorSide open(Setting setting) throws IOException {
    SignetConfig config = setting.config();
    Metrics metrics = setting.life().started(newMetrics());
    PhasedReadiness readiness = new PhasedReadiness();
    KeyCustody custody = new KeyCustody(config.keys(), metrics.registry(), setting.clock());
    AckLedger acks = new AckLedger(setting.clock());
    Subscribers subscribers = new Subscribers(acks);
    subscribers.bind(metrics.registry());
    AtomicReference<RevocationState> revoked = new AtomicReference<>(RevocationState.NONE);
    List<Routes> others =
        List.of(
            new HealthRoutes(readiness),
            new MetricsRoutes(metrics::scrape),
            new KeysRoutes(custody::status),
            new SubscribersRoutes(subscribers::all),
            new CrlRoutes(() -> revoked.get().crls().values(), setting.clock()));
    Administration administration =
        new Administration(
            config.admin(),
            id -> revoked.get().denied().containsKey(id),
            others,
            AuditLog.toLogger(System::nanoTime));
    administration.check();
    OperatorServer server =
        OperatorServer.start(config.listen().operator().toSocketAddress(), administration.routes());
    return new OperatorSide(
        setting,
        metrics,
        readiness,
        custody,
        acks,
        revoked,
        administration,
        setting.life().started(server));
  }

  private static Metrics newMetrics() {
    Metrics metrics = new Metrics();
    LOG.info("TLS by {}", WorkloadServer.tlsLibrary());
    metrics.provider("signatures", CryptoProvider.inUse());
    metrics.provider("tls", WorkloadServer.tlsLibrary());
    return metrics;
  }

  /** There is a CA now. */
  void issues(IssuingCore core) {
    Authorities authorities = core.authorities();
    Clock clock = setting.clock();
    readiness.goesOn();
    ExpiryMetrics.bind(
        metrics.registry(),
        clock,
        () -> authorities.bundle().authorities(),
        () -> chain(authorities));
    LedgerMetrics.bind(metrics.registry(), clock, core.ledger());
    RevocationMetrics.bind(metrics.registry(), clock, core.revocation()::state);
    administration.trusts(authorities::bundle);
  }

  private static List<X509Certificate> chain(Authorities authorities) {
    try {
      return authorities.active().chain();
    } catch (AuthorityException e) {
      return List.of();
    }
  }

  /**
   * Serves it over TLS too, if that is to be.
   *
   * @param certificates judges those of administrators
   */
  Optional<OperatorServer> admin(Attestor certificates, Supplier<ServingCertificate> serving)
      throws IOException {
    Optional<Address> address = setting.config().listen().admin();
    if (address.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        setting
            .life()
            .started(
                OperatorServer.start(
                    address.get().toSocketAddress(),
                    serving,
                    administration.routes(certificates))));
  }
}
