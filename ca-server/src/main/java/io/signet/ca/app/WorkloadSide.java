package io.signet.ca.app;

import static java.util.stream.Collectors.toMap;

import io.grpc.ServerInterceptor;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.attestation.Attestor;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.attestation.x509.Distrust;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.config.Address;
import io.signet.ca.config.LimitsConfig;
import io.signet.ca.config.ListenConfig;
import io.signet.ca.config.RotationConfig;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.HolderWatch;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.delivery.ServingIdentity;
import io.signet.ca.delivery.SvidMaker;
import io.signet.ca.grpc.Door;
import io.signet.ca.grpc.IstioCertificateEndpoint;
import io.signet.ca.grpc.WorkloadServer;
import io.signet.ca.http.OperatorServer;
import io.signet.ca.http.SecretsServer;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.RotationPolicy;
import io.signet.ca.telemetry.AuditLog;
import io.signet.ca.telemetry.ImpersonationMetrics;
import io.signet.ca.telemetry.LimitsMetrics;
import io.signet.ca.telemetry.ObservedIssuance;
import io.signet.ca.telemetry.RotationMetrics;
import io.signet.ca.telemetry.SdsMetrics;
import io.signet.ca.telemetry.Tracing;
import io.signet.ca.tls.ServingCertificate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The planes of workloads, where there is a CA: who is let in, what they get, and what changes it.
 */
final class WorkloadSide {

  private static final Logger LOG = LoggerFactory.getLogger(WorkloadSide.class);

  // ISTIO-30: a sidecar sets no deadline, so we bound our own time.
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);

  private final Setting setting;
  private final SignetConfig config;
  private final Clock clock;
  private final Lifecycle life;
  private final OperatorSide operator;
  private final MeterRegistry registry;
  private final IssuingCore core;
  private final Authorities authorities;
  private final AuditLog audit = AuditLog.toLogger(System::nanoTime);

  WorkloadSide(Setting setting, OperatorSide operator, IssuingCore core) {
    this.setting = setting;
    this.config = setting.config();
    this.clock = setting.clock();
    this.life = setting.life();
    this.operator = operator;
    this.registry = operator.metrics().registry();
    this.core = core;
    this.authorities = core.authorities();
  }

  /** Who may ask for what, and what answers. */
  private record Asked(
      JwtIssuers issuers,
      CallerAttestors callers,
      Optional<Tracing> tracing,
      Limits limits,
      EntitlementsNow entitlements,
      Requests requests) {}

  /** What is sent without being asked for each time. */
  private record Sent(
      SdsMetrics metrics,
      ServingIdentity serving,
      Delivery delivery,
      PublishedTrust trust,
      FederatedBundles federated) {

    ServingCertificate certificate() {
      ServingIdentity.Keyed now = serving.current();
      return new ServingCertificate(now.chain(), now.key());
    }
  }

  /**
   * Serves all of them.
   *
   * @return where
   */
  ListenConfig open() throws IOException, RenewalException {
    Asked asked = asked();
    Sent sent = sent(asked);
    Revoker revoker = revoker(asked, sent);
    operator.administration().revokesBy(revoker);
    if (core.own().isPresent()) {
      rotate(core.own().get(), revoker, sent);
      asked.callers().clusters().ifPresent(clusters -> leave(core.own().get(), clusters));
    } else {
      operator.administration().rotatesBy(new NoRotation(config.authority().root()));
    }
    ListenConfig listening = listen(asked, sent);
    operator
        .readiness()
        .serves(
            new ServerReadiness(
                authorities,
                core.ledger(),
                asked.callers(),
                asked.issuers(),
                operator.custody(),
                sent.federated(),
                config.keys().custodianSignsLeaves()));
    life.started(operator.readiness());
    return listening;
  }

  private Asked asked() throws IOException {
    JwtIssuers issuers = JwtIssuers.open(config, setting.timer(), clock, life);
    CallerAttestors callers = life.started(callers(issuers));
    Optional<Tracing> tracing = Tracing.of(System.getenv());
    tracing.ifPresent(life::started);
    Limits limits = limits();
    EntitlementsNow entitlements = new EntitlementsNow(config.entitlements());
    Requests requests =
        new Requests(
            core, callers, entitlements, limits, tracing, registry, audit, setting.timer(), clock);
    return new Asked(issuers, callers, tracing, limits, entitlements, requests);
  }

  private CallerAttestors callers(JwtIssuers issuers) {
    return CallerAttestors.open(
        config, issuers, authorities::accepted, setting.self(), distrust(), clock, denials());
  }

  private Distrust distrust() {
    return path -> core.revocation().state().refusal(path);
  }

  private Consumer<Rule> denials() {
    List<String> rules = Arrays.stream(Rule.values()).map(Rule::label).toList();
    ImpersonationMetrics metrics = new ImpersonationMetrics(registry, rules);
    return rule -> metrics.denied(rule.label());
  }

  private Limits limits() {
    LimitsConfig most = config.limits();
    Limits limits =
        new Limits(
            most.perAddress().map(WorkloadSide::limit),
            most.perIdentity().map(WorkloadSide::limit),
            most.concurrent(),
            System::nanoTime);
    LimitsMetrics.bind(registry, limits);
    return limits;
  }

  private static RateLimit limit(LimitsConfig.Rate rate) {
    return new RateLimit(rate.perSecond(), rate.burst());
  }

  private Sent sent(Asked asked) throws IOException, RenewalException {
    SvidMaker maker = asked.requests().maker();
    SdsMetrics metrics = new SdsMetrics(registry, audit, System::nanoTime);
    ServingIdentity serving = life.started(serving(maker));
    Delivery delivery = delivery(maker, asked.entitlements(), metrics);
    PublishedTrust trust = new PublishedTrust(delivery, config.sinks(), authorities.bundle());
    FederatedBundles federated =
        Federation.open(config, trust::federatedAre, setting.timer(), life);
    return new Sent(metrics, serving, delivery, trust, federated);
  }

  private ServingIdentity serving(SvidMaker maker) throws RenewalException {
    return new ServingIdentity(
        maker,
        Grant.own(setting.self(), config.svid().maxLifetime(), config.servingNames()),
        setting.timer(),
        clock,
        e -> LOG.error("the server's own certificate was not renewed", e));
  }

  private Delivery delivery(SvidMaker maker, EntitlementsNow entitlements, SdsMetrics metrics) {
    Delivery delivery =
        Delivery.open(
            config, maker, entitlements, operator.acks(), metrics, clock, setting.timer(), life);
    setting.file().ifPresent(from -> followEntitlements(from, entitlements, delivery));
    return delivery;
  }

  private void followEntitlements(Path from, EntitlementsNow entitlements, Delivery delivery) {
    Consumer<Entitlements> onChange =
        others -> {
          entitlements.configuredAre(others);
          delivery.entitlementsChanged();
        };
    setting.renewed(
        new EntitlementsFile(config, from, authorities::refusal, onChange, clock),
        e -> LOG.error("changed entitlements were not taken over", e));
  }

  private Revoker revoker(Asked asked, Sent sent) {
    return core.revocation()
        .follow(
            authorities,
            core.ledger(),
            setting.self(),
            audit,
            core.renewal()::hasten,
            state -> follow(state, asked, sent),
            setting.timer(),
            life);
  }

  private void follow(RevocationState state, Asked asked, Sent sent) {
    operator.revoked().set(state);
    asked
        .entitlements()
        .deniedAre(state.denied().values().stream().collect(toMap(Denial::id, Denial::detail)));
    sent.delivery().entitlementsChanged();
    sent.trust().crlsAre(state.delivery().crls());
    sent.delivery().renewUnless(svid -> state.refusal(svid.chain()).isEmpty());
    sent.serving().renewUnless(svid -> state.refusal(svid.chain()).isEmpty());
  }

  private void rotate(IssuingCore.Own own, Revoker revoker, Sent sent) {
    HolderWatch holders =
        life.started(
            new HolderWatch(
                operator.acks(), own.holders(), own.cluster().replicas()::heard, clock));
    setting.renewed(
        holders, e -> LOG.warn("who has which bundle was not kept: {}", e.getMessage()));
    Succession succession =
        new Succession(
            own,
            new CaKeys(own.roots(), revoker),
            authorities,
            policy(),
            followed(own, holders, sent),
            clock);
    operator
        .administration()
        .rotatesBy(
            config.authority().isImported()
                ? new NoRotation(config.authority().root())
                : new CalmControl(succession.control(), System::nanoTime));
    RotationMetrics.bind(
        registry,
        succession::outlook,
        authorities::generation,
        () -> authorities.bundle().sequence(),
        own.cluster().replicas()::skew);
    boolean _ = succession.follow(); // before anybody is served
    succession.start(setting.timer(), life);
  }

  private Followed followed(IssuingCore.Own own, HolderWatch holders, Sent sent) {
    return new Followed(
        authorities,
        own.store(),
        operator.custody(),
        sent.trust(),
        sent.delivery(),
        sent.serving(),
        holders,
        config.rotation());
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

  // Pods that were deleted are waited for no longer.
  private void leave(IssuingCore.Own own, GonePods.Clusters clusters) {
    setting.renewed(
        new GonePods(
            own.journal(),
            own.cluster().leadership(),
            own.pods(),
            clusters,
            config.svid().maxLifetime(),
            clock),
        e -> LOG.warn("which pods are gone was not looked for: {}", e.getMessage()));
  }

  private ListenConfig listen(Asked asked, Sent sent) throws IOException {
    Listeners listeners = listeners(asked, sent);
    WorkloadServer workload =
        life.started(WorkloadServer.start(listeners.all(), interceptors(asked)));
    Optional<SecretsServer> rest = listeners.rest();
    rest.ifPresent(life::started);
    Attestor certificates =
        CallerAttestors.certificates(authorities::accepted, setting.self(), distrust(), clock);
    return listening(workload, rest, operator.admin(certificates, sent::certificate));
  }

  private Listeners listeners(Asked asked, Sent sent) {
    ObservedIssuance issuance = asked.requests().issuance();
    Limits limits = asked.limits();
    return new Listeners(
        config,
        asked.callers(),
        new IstioCertificateEndpoint(
            issuance,
            asked.requests().unreceived()::add,
            issuance,
            limits,
            REQUEST_LIMIT,
            setting.timer()),
        attestors -> new CallerCheck(attestors, limits, sent.metrics()::refused),
        sent.delivery()::endpoint,
        sent::certificate);
  }

  // The door first: what is turned away there has no span.
  private static List<ServerInterceptor> interceptors(Asked asked) {
    Stream<ServerInterceptor> door =
        Stream.of(new Door(asked.limits(), asked.requests().issuance()));
    return Stream.concat(door, asked.tracing().stream().map(Tracing::calls)).toList();
  }

  private ListenConfig listening(
      WorkloadServer workload, Optional<SecretsServer> rest, Optional<OperatorServer> admin) {
    ListenConfig asked = config.listen();
    return new ListenConfig(
        at(asked.workload(), workload.port()),
        asked.sdsSocket(),
        asked.sdsRest().map(address -> at(address, rest.orElseThrow().port())),
        at(asked.operator(), operator.server().port()),
        asked.admin().map(address -> at(address, admin.orElseThrow().port())));
  }

  private static Address at(Address asked, int port) {
    return new Address(asked.host(), port);
  }
}
