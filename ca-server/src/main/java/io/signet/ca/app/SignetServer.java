package io.signet.ca.app;

import static java.util.stream.Collectors.toMap;

import io.grpc.ServerInterceptor;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.attestation.Attestor;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.attestation.x509.Distrust;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.cli.LocalFiles;
import io.signet.ca.cli.RunningServer;
import io.signet.ca.cli.StartException;
import io.signet.ca.config.Address;
import io.signet.ca.config.LimitsConfig;
import io.signet.ca.config.ListenConfig;
import io.signet.ca.config.RotationConfig;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.HolderWatch;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.delivery.ServingIdentity;
import io.signet.ca.delivery.SvidMaker;
import io.signet.ca.grpc.CsrEvents;
import io.signet.ca.grpc.Door;
import io.signet.ca.grpc.IstioCertificateEndpoint;
import io.signet.ca.grpc.WorkloadServer;
import io.signet.ca.http.CrlRoutes;
import io.signet.ca.http.HealthRoutes;
import io.signet.ca.http.KeysRoutes;
import io.signet.ca.http.MetricsRoutes;
import io.signet.ca.http.OperatorServer;
import io.signet.ca.http.Readiness;
import io.signet.ca.http.Routes;
import io.signet.ca.http.SecretsServer;
import io.signet.ca.http.SubscribersRoutes;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.RotationPolicy;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.telemetry.AuditLog;
import io.signet.ca.telemetry.ExpiryMetrics;
import io.signet.ca.telemetry.ImpersonationMetrics;
import io.signet.ca.telemetry.LedgerMetrics;
import io.signet.ca.telemetry.LimitsMetrics;
import io.signet.ca.telemetry.Metrics;
import io.signet.ca.telemetry.ObservedIssuance;
import io.signet.ca.telemetry.RevocationMetrics;
import io.signet.ca.telemetry.RotationMetrics;
import io.signet.ca.telemetry.SdsMetrics;
import io.signet.ca.telemetry.Tracing;
import io.signet.ca.tls.ServingCertificate;
import io.signet.hsm.CustodyException;
import io.signet.sds.AckLedger;
import io.signet.sds.Timer;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A whole server: everything is made, started and connected here, and stopped in reverse. */
final class SignetServer implements RunningServer {

  private static final Logger LOG = LoggerFactory.getLogger(SignetServer.class);

  // ISTIO-30: a sidecar sets no deadline, so we bound our own time.
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);

  private final SignetConfig config;
  private final Optional<Path> file;
  private final Clock clock;
  private final Timer timer;
  private final Lifecycle life;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private ListenConfig listening;

  private SignetServer(
      SignetConfig config, Optional<Path> file, Clock clock, Timer timer, Lifecycle life) {
    this.config = config;
    this.file = file;
    this.clock = clock;
    this.timer = timer;
    this.life = life;
    this.listening = config.listen();
  }

  /**
   * Starts everything that the configuration names, or nothing.
   *
   * @param file where that is from, if its entitlements are to follow it
   * @throws StartException with what is wrong, for a person
   */
  static SignetServer start(SignetConfig config, Optional<Path> file, Clock clock)
      throws StartException {
    Lifecycle life = new Lifecycle();
    return started(new SignetServer(config, file, clock, life.started(new SystemTimer()), life));
  }

  /** The same by this timer, which outlives it. */
  static SignetServer start(SignetConfig config, Clock clock, Timer timer) throws StartException {
    return started(new SignetServer(config, Optional.empty(), clock, timer, new Lifecycle()));
  }

  private static SignetServer started(SignetServer server) throws StartException {
    CryptoProvider.install();
    try {
      server.open();
      return server;
    } catch (AuthorityException
        | CustodyException
        | IOException
        | LedgerException
        | RenewalException
        | SelfCheckException
        | IllegalArgumentException e) {
      server.close();
      throw new StartException(reason(e), e);
    }
  }

  private static String reason(Exception e) {
    return e instanceof IOException file
        ? LocalFiles.problem(file)
        : String.valueOf(e.getMessage());
  }

  private void open()
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          RenewalException,
          SelfCheckException {
    Metrics metrics = life.started(metrics());
    PhasedReadiness readiness = new PhasedReadiness();
    KeyCustody custody = new KeyCustody(config.keys(), metrics.registry(), clock);
    AckLedger acks = new AckLedger(clock);
    Subscribers subscribers = new Subscribers(acks);
    subscribers.bind(metrics.registry());
    AtomicReference<RevocationState> revoked = new AtomicReference<>(RevocationState.NONE);
    Administration administration =
        administration(readiness, metrics, custody, subscribers, revoked::get);
    OperatorServer operator = life.started(operator(administration));
    IssuingCore core = IssuingCore.open(config, clock, timer, custody, readiness, life);
    readiness.goesOn();
    bindExpiry(metrics, core.authorities());
    LedgerMetrics.bind(metrics.registry(), clock, core.ledger());
    RevocationMetrics.bind(metrics.registry(), clock, core.revocation()::state);
    administration.trusts(core.authorities()::bundle);
    serve(core, custody, readiness, metrics, acks, operator, administration, revoked);
  }

  /** With the CA in place: the planes of workloads, and who is let in there. */
  private void serve(
      IssuingCore core,
      KeyCustody custody,
      PhasedReadiness readiness,
      Metrics metrics,
      AckLedger acks,
      OperatorServer operator,
      Administration administration,
      AtomicReference<RevocationState> revoked)
      throws IOException, RenewalException {
    Authorities authorities = core.authorities();
    JwtIssuers issuers = JwtIssuers.open(config, timer, clock, life);
    CallerAttestors callers = life.started(callers(issuers, core, metrics));
    Optional<Tracing> tracing = Tracing.of(System.getenv());
    tracing.ifPresent(life::started);
    Limits limits = limits(metrics);
    AuditLog audit = AuditLog.toLogger(System::nanoTime);
    EntitlementsNow entitlements = new EntitlementsNow(config.entitlements());
    Requests requests =
        new Requests(
            core, callers, entitlements, limits, tracing, metrics.registry(), audit, timer, clock);
    ServingIdentity serving = life.started(serving(requests.maker()));
    SdsMetrics sdsMetrics = new SdsMetrics(metrics.registry(), audit, System::nanoTime);
    Delivery delivery = delivery(requests.maker(), entitlements, authorities, acks, sdsMetrics);
    PublishedTrust trust = new PublishedTrust(delivery, config.sinks(), authorities.bundle());
    FederatedBundles federated = Federation.open(config, trust::federatedAre, timer, life);
    Revoker revoker =
        core.revocation()
            .follow(
                authorities,
                core.ledger(),
                self(),
                audit,
                core.renewal()::hasten,
                state -> follow(state, revoked, entitlements, delivery, serving, trust),
                timer,
                life);
    administration.revokesBy(revoker);
    if (core.own().isPresent()) {
      IssuingCore.Own own = core.own().get();
      HolderWatch holders = new HolderWatch(acks, own.holders(), clock);
      Followed followed =
          new Followed(
              authorities,
              own.store(),
              custody,
              trust,
              delivery,
              serving,
              holders,
              config.rotation());
      rotate(own, revoker, authorities, holders, followed, metrics, administration);
    } else {
      administration.rotatesBy(new NoRotation(config.authority().root()));
    }
    Listeners listeners =
        new Listeners(
            config,
            callers,
            istio(requests.issuance(), limits),
            attestors -> new CallerCheck(attestors, limits, sdsMetrics::refused),
            delivery::endpoint,
            () -> servingCertificate(serving));
    listen(
        listeners,
        interceptors(limits, requests.issuance(), tracing),
        operator,
        admin(administration, authorities, distrust(core), serving));
    readiness.serves(
        new ServerReadiness(
            authorities,
            core.ledger(),
            callers,
            issuers,
            custody,
            federated,
            config.keys().custodianSignsLeaves()));
    life.started(readiness);
  }

  private static void follow(
      RevocationState state,
      AtomicReference<RevocationState> revoked,
      EntitlementsNow entitlements,
      Delivery delivery,
      ServingIdentity serving,
      PublishedTrust trust) {
    revoked.set(state);
    entitlements.deniedAre(
        state.denied().values().stream().collect(toMap(Denial::id, Denial::detail)));
    delivery.entitlementsChanged();
    trust.crlsAre(state.delivery().crls());
    delivery.renewUnless(svid -> state.refusal(svid.chain()).isEmpty());
    serving.renewUnless(svid -> state.refusal(svid.chain()).isEmpty());
  }

  private void listen(
      Listeners listeners,
      List<ServerInterceptor> interceptors,
      OperatorServer operator,
      Optional<OperatorServer> admin)
      throws IOException {
    WorkloadServer workload = life.started(WorkloadServer.start(listeners.all(), interceptors));
    Optional<SecretsServer> rest = listeners.rest();
    rest.ifPresent(life::started);
    listening = listening(workload, rest, operator, admin);
  }

  private SpiffeId self() {
    return SpiffeId.of(config.trustDomain(), "signet", "server");
  }

  private CallerAttestors callers(JwtIssuers issuers, IssuingCore core, Metrics metrics) {
    return CallerAttestors.open(
        config,
        issuers,
        core.authorities()::accepted,
        self(),
        distrust(core),
        clock,
        denials(metrics.registry()));
  }

  private static Distrust distrust(IssuingCore core) {
    return path -> core.revocation().state().refusal(path);
  }

  private IstioCertificateEndpoint istio(ObservedIssuance issuance, Limits limits) {
    return new IstioCertificateEndpoint(issuance, issuance, limits, REQUEST_LIMIT, timer);
  }

  private Delivery delivery(
      SvidMaker maker,
      EntitlementsNow entitlements,
      Authorities authorities,
      AckLedger acks,
      SdsMetrics metrics) {
    Delivery delivery =
        Delivery.open(config, maker, entitlements, acks, metrics, clock, timer, life);
    followEntitlements(
        authorities::refusal,
        others -> {
          entitlements.configuredAre(others);
          delivery.entitlementsChanged();
        });
    return delivery;
  }

  private void followEntitlements(
      Function<List<String>, Optional<String>> refusal, Consumer<Entitlements> onChange) {
    file.ifPresent(from ->
        life.started(
            Renewal.started(
                new EntitlementsFile(config, from, refusal, onChange, clock),
                timer,
                clock,
                e -> LOG.error("changed entitlements were not taken over", e))));
  }

  private static Metrics metrics() {
    Metrics metrics = new Metrics();
    LOG.info("TLS by {}", WorkloadServer.tlsLibrary());
    metrics.provider("signatures", CryptoProvider.inUse());
    metrics.provider("tls", WorkloadServer.tlsLibrary());
    return metrics;
  }

  private void bindExpiry(Metrics metrics, Authorities authorities) {
    ExpiryMetrics.bind(
        metrics.registry(),
        clock,
        () -> authorities.bundle().authorities(),
        () -> chain(authorities));
  }

  private static Consumer<Rule> denials(MeterRegistry registry) {
    List<String> rules = Arrays.stream(Rule.values()).map(Rule::label).toList();
    ImpersonationMetrics metrics = new ImpersonationMetrics(registry, rules);
    return rule -> metrics.denied(rule.label());
  }

  private Limits limits(Metrics metrics) {
    LimitsConfig most = config.limits();
    Limits limits =
        new Limits(
            most.perAddress().map(SignetServer::limit),
            most.perIdentity().map(SignetServer::limit),
            most.concurrent(),
            System::nanoTime);
    LimitsMetrics.bind(metrics.registry(), limits);
    return limits;
  }

  private static RateLimit limit(LimitsConfig.Rate rate) {
    return new RateLimit(rate.perSecond(), rate.burst());
  }

  private static List<X509Certificate> chain(Authorities authorities) {
    try {
      return authorities.active().chain();
    } catch (AuthorityException e) {
      return List.of();
    }
  }

  private ServingIdentity serving(SvidMaker maker) throws RenewalException {
    return new ServingIdentity(
        maker,
        Grant.own(self(), config.svid().maxLifetime(), config.servingNames()),
        timer,
        clock,
        e -> LOG.error("the server's own certificate was not renewed", e));
  }

  // The door first: what is turned away there has no span.
  private static List<ServerInterceptor> interceptors(
      Limits limits, CsrEvents events, Optional<Tracing> tracing) {
    Stream<ServerInterceptor> door = Stream.of(new Door(limits, events));
    return Stream.concat(door, tracing.stream().map(Tracing::calls)).toList();
  }

  private static ServingCertificate servingCertificate(ServingIdentity serving) {
    ServingIdentity.Keyed now = serving.current();
    return new ServingCertificate(now.chain(), now.key());
  }

  private Administration administration(
      Readiness readiness,
      Metrics metrics,
      KeyCustody custody,
      Subscribers subscribers,
      Supplier<RevocationState> revoked)
      throws IOException {
    List<Routes> others =
        List.of(
            new HealthRoutes(readiness),
            new MetricsRoutes(metrics::scrape),
            new KeysRoutes(custody::status),
            new SubscribersRoutes(subscribers::all),
            new CrlRoutes(() -> revoked.get().crls().values(), clock));
    Administration administration =
        new Administration(config.admin(), others, AuditLog.toLogger(System::nanoTime));
    administration.check();
    return administration;
  }

  private OperatorServer operator(Administration administration) throws IOException {
    return OperatorServer.start(
        config.listen().operator().toSocketAddress(), administration.routes());
  }

  /** The operator plane over TLS, if there is to be one. */
  private Optional<OperatorServer> admin(
      Administration administration,
      Authorities authorities,
      Distrust distrust,
      ServingIdentity serving)
      throws IOException {
    Optional<Address> address = config.listen().admin();
    if (address.isEmpty()) {
      return Optional.empty();
    }
    Attestor certificates =
        CallerAttestors.certificates(authorities::accepted, self(), distrust, clock);
    return Optional.of(
        life.started(
            OperatorServer.start(
                address.get().toSocketAddress(),
                () -> servingCertificate(serving),
                administration.routes(certificates))));
  }

  private RotationPolicy policy() {
    RotationConfig rotation = config.rotation();
    return new RotationPolicy(
        rotation.approval(),
        config.authority().isImported() ? Optional.empty() : rotation.startBefore(),
        rotation.deadline(),
        config.svid().maxLifetime(),
        rotation.compromisedDeadline(),
        rotation.destroy());
  }

  private void rotate(
      IssuingCore.Own own,
      Revoker revoker,
      Authorities authorities,
      HolderWatch holders,
      Followed followed,
      Metrics metrics,
      Administration administration) {
    life.started(holders);
    life.started(
        Renewal.started(
            holders,
            timer,
            clock,
            e -> LOG.warn("who has which bundle was not kept: {}", e.getMessage())));
    Succession succession =
        new Succession(
            own, new CaKeys(own.roots(), revoker), authorities, policy(), followed, clock);
    administration.rotatesBy(
        config.authority().isImported()
            ? new NoRotation(config.authority().root())
            : new CalmControl(succession.control(), System::nanoTime));
    RotationMetrics.bind(
        metrics.registry(),
        succession::outlook,
        authorities::generation,
        () -> authorities.bundle().sequence(),
        own.cluster().replicas()::skew);
    boolean _ = succession.follow(); // before anybody is served
    succession.start(timer, life);
  }

  private ListenConfig listening(
      WorkloadServer workload,
      Optional<SecretsServer> rest,
      OperatorServer operator,
      Optional<OperatorServer> admin) {
    ListenConfig asked = config.listen();
    return new ListenConfig(
        at(asked.workload(), workload.port()),
        asked.sdsSocket(),
        asked.sdsRest().map(address -> at(address, rest.orElseThrow().port())),
        at(asked.operator(), operator.port()),
        asked.admin().map(address -> at(address, admin.orElseThrow().port())));
  }

  private static Address at(Address asked, int port) {
    return new Address(asked.host(), port);
  }

  @Override
  public ListenConfig listening() {
    return listening;
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    stopped.await();
  }

  /** Stops in reverse order: first it is no longer ready, then the calls end, then the store. */
  @Override
  public void close() {
    life.close();
    stopped.countDown();
  }
}
