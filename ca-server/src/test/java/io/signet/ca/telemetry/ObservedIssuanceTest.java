package io.signet.ca.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.FakeCall;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Limits;
import io.signet.ca.tls.TestCertificates;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ObservedIssuanceTest {
  private static final Call CALL = FakeCall.from("10.0.0.1");
  private static final List<Evidence> SHOWN = List.of(new BearerToken("very-secret", "east"));
  private static final ServiceAccount ZTUNNEL =
      new ServiceAccount(
          SpiffeId.parse("spiffe://example.org/ns/istio-system/sa/ztunnel"),
          Optional.empty(),
          "main",
          "istio-system",
          "ztunnel",
          Optional.of(new Pod("ztunnel-a", "uid-a")));
  private static final TestCertificates ROOT = TestCertificates.root("root");
  private static final Issued ISSUED = issued(ROOT.workload("spiffe://example.org/ns/a/sa/b"));

  private final Metrics metrics = new Metrics();
  private final List<String> lines = new ArrayList<>();
  private IssuanceOutcome outcome = ISSUED;
  private long now;
  private long ticking = 3_000_000;

  private final ObservedIssuance issuance =
      new ObservedIssuance(
          _ -> result(), metrics.registry(), new AuditLog(lines::add, this::tick), this::tick);

  private @Nullable RuntimeException bug;

  private IssuanceOutcome result() {
    if (bug != null) {
      throw bug;
    }
    return outcome;
  }

  @AfterEach
  void close() {
    metrics.close();
  }

  // ISTIO-75: the names without a suffix.
  @Test
  void issue_issued_countedUnderIstiodsNames() {
    assertThat(issue()).isEqualTo(ISSUED);

    assertThat(metrics.scrape())
        .contains("\ncitadel_server_csr_count 1.0\n")
        .contains("\ncitadel_server_success_cert_issuance_count 1.0\n")
        .contains("\ncitadel_server_authentication_failure_count 0.0\n")
        .contains("signet_issuance_seconds_count{of=\"request\",outcome=\"issued\"} 1\n")
        .contains(
            "signet_issuance_seconds_bucket{of=\"request\",outcome=\"issued\",le=\"0.005\"} 1\n")
        .contains(
            "signet_issuance_seconds_bucket{of=\"request\",outcome=\"issued\",le=\"0.002\"} 0\n");
  }

  // ISTIO-75
  @ParameterizedTest
  @CsvSource({
    "UNAUTHENTICATED, citadel_server_authentication_failure_count",
    "ATTESTATION_UNAVAILABLE, citadel_server_authentication_failure_count",
    "BAD_REQUEST, citadel_server_csr_parsing_err_count",
    "ADDRESS_LIMITED, citadel_server_csr_sign_err_count{error=\"LIMITED\"}",
    "CALLER_LIMITED, citadel_server_csr_sign_err_count{error=\"LIMITED\"}",
    "OVERLOADED, citadel_server_csr_sign_err_count{error=\"LIMITED\"}",
    "ABANDONED, citadel_server_csr_sign_err_count{error=\"ABANDONED\"}",
    "NOT_ENTITLED, citadel_server_csr_sign_err_count{error=\"NOT_ENTITLED\"}",
    "NO_AUTHORITY, citadel_server_csr_sign_err_count{error=\"CA_NOT_READY\"}",
    "CUSTODY_UNAVAILABLE, citadel_server_csr_sign_err_count{error=\"CERT_GEN_ERROR\"}",
    "LEDGER_UNAVAILABLE, citadel_server_csr_sign_err_count{error=\"CERT_GEN_ERROR\"}",
    "SELF_CHECK_FAILED, citadel_server_csr_sign_err_count{error=\"CERT_GEN_ERROR\"}"
  })
  void issue_refused_countedByReason(Why why, String name) {
    outcome = new Refused(why, "because");
    assertThat(issue()).isEqualTo(outcome);

    assertThat(metrics.scrape())
        .contains("\n" + name + " 1.0\n")
        .contains("\ncitadel_server_success_cert_issuance_count 0.0\n");
  }

  // ISTIO-33: with what gave it.
  @Test
  void issue_issued_auditedWithIdSerialAndReason() throws IOException {
    var _ = issue();

    JsonNode line = onlyLine();
    assertThat(line.path("event").asText()).isEqualTo("issued");
    assertThat(line.path("id").asText()).isEqualTo("spiffe://example.org/ns/a/sa/b");
    assertThat(line.path("serial").asText()).isEqualTo(ISSUED.svid().serial().toString());
    assertThat(line.path("not-after").asText()).isEqualTo(ISSUED.svid().expiresAt().toString());
    assertThat(Duration.parse(line.path("lifetime").asText()))
        .isEqualTo(
            Duration.between(
                ISSUED.svid().leaf().getNotBefore().toInstant(), ISSUED.svid().expiresAt()));
    assertThat(line.path("detail").asText()).isEqualTo("by rule 1");
  }

  @Test
  void issue_authorityIssued_auditedAsOneOfTheTrustDomain() throws IOException {
    var authority = ROOT.intermediate("issuing").certificate();
    var bundle =
        new TrustBundle(
            ISSUED.id().trustDomain(), 0, List.of(ROOT.certificate()), Optional.empty());
    outcome =
        new Issued(
            bundle.trustDomain().id(),
            List.of(authority),
            bundle,
            1,
            "by rule 2",
            Optional.empty());

    assertThat(issue()).isEqualTo(outcome);

    JsonNode line = onlyLine();
    assertThat(line.path("event").asText()).isEqualTo("issued");
    assertThat(line.path("id").asText()).isEqualTo("spiffe://example.org");
    assertThat(line.path("not-after").asText())
        .isEqualTo(authority.getNotAfter().toInstant().toString());
    assertThat(line.path("detail").asText()).isEqualTo("by rule 2");
  }

  // Who asked, as it was proven, and by which call: the caller can name that.
  @ParameterizedTest
  @MethodSource("callers")
  void issue_provenCaller_auditedWithWhoAndByWhichCall(Proof caller, String json)
      throws IOException {
    for (IssuanceOutcome each : List.of(ISSUED, new Refused(Why.NOT_ENTITLED, "not its own"))) {
      lines.clear();
      outcome = each.by(caller);
      var _ = issue();

      JsonNode line = onlyLine();
      assertThat(line.path("request").asText()).isEqualTo("call-1");
      assertThat(line.path("from").asText()).isEqualTo("10.0.0.1");
      assertThat(line.path("caller")).isEqualTo(new ObjectMapper().readTree(json));
    }
  }

  static Stream<Arguments> callers() {
    SpiffeId id = SpiffeId.parse("spiffe://example.org/ns/a/sa/b");
    return Stream.of(
        arguments(
            new ServiceAccount(
                id, Optional.empty(), "east", "a", "b", Optional.of(new Pod("b-1", "uid-1"))),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "service-account", "cluster": "east",
             "namespace": "a", "account": "b", "pod": "b-1", "pod-uid": "uid-1"}
            """),
        arguments(
            new ServiceAccount(id, Optional.empty(), "east", "a", "b", Optional.empty()),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "service-account", "cluster": "east",
             "namespace": "a", "account": "b"}
            """),
        arguments(
            new TokenSubject(id, Optional.empty(), "https://issuer", "system:b"),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "token",
             "issuer": "https://issuer", "subject": "system:b"}
            """),
        arguments(
            new HeldSvid(id, Optional.empty(), new SerialNumber(BigInteger.valueOf(0x1234))),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "certificate", "serial": "1234"}
            """),
        arguments(
            new Impersonated(id, ZTUNNEL),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "node", "by":
             {"id": "spiffe://example.org/ns/istio-system/sa/ztunnel", "proof": "service-account",
              "cluster": "main", "namespace": "istio-system", "account": "ztunnel",
              "pod": "ztunnel-a", "pod-uid": "uid-a"}}
            """),
        arguments(
            new LocalUser(id, -2, 42),
            """
            {"id": "spiffe://example.org/ns/a/sa/b", "proof": "local-user",
             "uid": 4294967294, "pid": 42}
            """));
  }

  @Test
  void issue_notProven_auditedWithoutCaller() throws IOException {
    outcome = new Refused(Why.UNAUTHENTICATED, "token has expired");
    var _ = issue();

    assertThat(onlyLine().has("caller")).isFalse();
  }

  // ISTIO-33: each rule by itself, and no more series than there are rules.
  @Test
  void denied_impersonation_countedByRule() {
    var impersonation = new ImpersonationMetrics(metrics.registry(), List.of("node", "account"));
    impersonation.denied("node");
    impersonation.denied("node");

    assertThat(metrics.scrape())
        .contains("\nsignet_impersonation_denied_total{rule=\"node\"} 2.0\n")
        .contains("\nsignet_impersonation_denied_total{rule=\"account\"} 0.0\n");
    assertThatThrownBy(() -> impersonation.denied("whatever"))
        .isInstanceOf(NullPointerException.class);
  }

  // ISTIO-33: the precise reason for us; never the token.
  @Test
  void issue_refused_auditedWithReasonAndWithoutToken() throws IOException {
    outcome = new Refused(Why.UNAUTHENTICATED, "token has expired");
    var _ = issue();

    JsonNode line = onlyLine();
    assertThat(line.path("why").asText()).isEqualTo("UNAUTHENTICATED");
    assertThat(line.path("detail").asText()).isEqualTo("token has expired");
    assertThat(line.path("shown").path(0).asText()).contains("east");
    assertThat(lines.getFirst()).doesNotContain("very-secret");
  }

  @Test
  void issue_callerChoseALineBreak_stillOneLine() throws IOException {
    outcome = new Refused(Why.BAD_REQUEST, "SAN \"x\"\n{\"event\":\"issued\"}");
    var _ = issue();

    assertThat(onlyLine().path("event").asText()).isEqualTo("refused");
    assertThat(lines.getFirst()).doesNotContain("\n");
  }

  // A request that ended by a bug of ours is a request all the same.
  @Test
  void issue_bug_countedAuditedAndThrown() throws IOException {
    bug = new IllegalStateException("a bug");

    assertThatThrownBy(this::issue).isSameAs(bug);

    assertThat(metrics.scrape())
        .contains("\ncitadel_server_csr_count 1.0\n")
        .contains("\ncitadel_server_csr_sign_err_count{error=\"CERT_GEN_ERROR\"} 1.0\n")
        .contains("signet_issuance_seconds_count{of=\"request\",outcome=\"failed\"} 1\n");
    assertThat(onlyLine().path("event").asText()).isEqualTo("failed");
    assertThat(onlyLine().path("detail").asText()).contains("a bug");
  }

  // What a stream or the server itself gets is no request of istiod's.
  @Test
  void grant_issuedRefusedOrBug_measuredUnderOurNameOnlyAndAudited() {
    var grants =
        new ObservedGrants(
            (_, _, _) -> result(),
            metrics.registry(),
            new AuditLog(lines::add, this::tick),
            this::tick);
    assertThat(grant(grants)).isEqualTo(ISSUED);
    outcome = new Refused(Why.NO_AUTHORITY, "expired");
    assertThat(grant(grants)).isEqualTo(outcome);
    bug = new IllegalStateException("a bug");
    assertThatThrownBy(() -> grant(grants)).isSameAs(bug);

    assertThat(metrics.scrape())
        .contains("signet_issuance_seconds_count{of=\"grant\",outcome=\"issued\"} 1\n")
        .contains("signet_issuance_seconds_count{of=\"grant\",outcome=\"no_authority\"} 1\n")
        .contains("signet_issuance_seconds_count{of=\"grant\",outcome=\"failed\"} 1\n")
        .contains("\ncitadel_server_csr_count 0.0\n")
        .contains("\ncitadel_server_success_cert_issuance_count 0.0\n");
    assertThat(lines).hasSize(3);
  }

  private static IssuanceOutcome grant(ObservedGrants grants) {
    return grants.issue(
        Grant.own(ISSUED.svid().id(), Duration.ofHours(1), List.of()),
        ISSUED.svid().leaf().getPublicKey(),
        Optional.empty());
  }

  // SDS-6: a stream without an SVID goes on, and the reason goes to log and metric.
  @Test
  void denied_stream_countedAndAudited() throws IOException {
    new SdsMetrics(metrics.registry(), new AuditLog(lines::add, this::tick), this::tick)
        .denied(new Refused(Why.NOT_ENTITLED, "may hold nothing"));

    assertThat(metrics.scrape()).contains("signet_sds_denied_total 1.0\n");
    assertThat(onlyLine().path("why").asText()).isEqualTo("NOT_ENTITLED");
    assertThat(onlyLine().path("detail").asText()).isEqualTo("may hold nothing");
  }

  @Test
  void refused_beforeIssuance_countedAndAudited() throws IOException {
    issuance.refused(CALL, SHOWN, new Refused(Why.UNAUTHENTICATED, "may not impersonate x"));

    assertThat(metrics.scrape())
        .contains("\ncitadel_server_csr_count 1.0\n")
        .contains("\ncitadel_server_authentication_failure_count 1.0\n");
    assertThat(onlyLine().path("detail").asText()).isEqualTo("may not impersonate x");
  }

  @Test
  void abandoned_issuanceTookTooLong_countedAndAudited() throws IOException {
    issuance.abandoned(CALL, SHOWN, Duration.ofSeconds(10));

    assertThat(metrics.scrape()).contains("signet_issuance_abandoned_total 1.0\n");
    assertThat(onlyLine().path("event").asText()).isEqualTo("abandoned");
  }

  // One that asks in a loop is not to fill the disk with lines about it.
  @ParameterizedTest
  @EnumSource(
      value = Why.class,
      names = {"ADDRESS_LIMITED", "CALLER_LIMITED", "OVERLOADED"})
  void refused_byALimitManyTimes_fewLinesThatTellHowManyThereWere(Why why) throws IOException {
    ticking = 0;
    for (int i = 0; i < 1000; i++) {
      issuance.refused(CALL, List.of(), new Refused(why, "too often"));
    }
    assertThat(lines).hasSize(10);
    now += Duration.ofSeconds(1).toNanos();
    issuance.refused(CALL, List.of(), new Refused(why, "too often"));

    JsonNode last = new ObjectMapper().readTree(lines.getLast());
    assertThat(last.path("from").asText()).isEqualTo("10.0.0.1");
    assertThat(last.path("more").asInt()).isEqualTo(990);
    assertThat(lines).hasSize(11);
    // All are counted.
    assertThat(metrics.scrape()).contains("\ncitadel_server_csr_count 1001.0\n");
  }

  @Test
  void refused_otherwiseManyTimes_aLineForEach() {
    ticking = 0;
    outcome = new Refused(Why.UNAUTHENTICATED, "token has expired");
    for (int i = 0; i < 1000; i++) {
      var _ = issue();
    }

    assertThat(lines).hasSize(1000);
  }

  // ISTIO-75: all of istiod's names that stand for what we do; they are there from the start.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "citadel_server_csr_count",
        "citadel_server_authentication_failure_count",
        "citadel_server_csr_parsing_err_count",
        "citadel_server_id_extraction_err_count",
        "citadel_server_csr_sign_err_count{error=\"ABANDONED\"}",
        "citadel_server_csr_sign_err_count{error=\"CA_NOT_READY\"}",
        "citadel_server_csr_sign_err_count{error=\"CERT_GEN_ERROR\"}",
        "citadel_server_csr_sign_err_count{error=\"LIMITED\"}",
        "citadel_server_csr_sign_err_count{error=\"NOT_ENTITLED\"}",
        "citadel_server_success_cert_issuance_count"
      })
  void scrape_nothingAskedYet_istiodsCountsAreZero(String name) {
    assertThat(metrics.scrape()).contains("\n" + name + " 0.0\n");
  }

  // However many callers there are: no label is chosen by one of them.
  @Test
  void scrape_manyCallers_noMoreSeries() {
    var _ = issue();
    long before = metrics.scrape().lines().filter(line -> line.contains("signet_")).count();
    for (int i = 0; i < 100; i++) {
      SpiffeId id = SpiffeId.parse("spiffe://example.org/ns/a/sa/b" + i);
      outcome = new Refused(Why.BAD_REQUEST, "reason " + i).by(new LocalUser(id, i, i));
      var _ = issue();
    }

    assertThat(metrics.scrape().lines().filter(line -> line.contains("signet_")).count())
        .isEqualTo(before);
  }

  @Test
  void scrape_requestInTurn_shownByState() {
    Limits limits = Limits.none();
    LimitsMetrics.bind(metrics.registry(), limits);

    List<Runnable> begun = new ArrayList<>();
    assertThat(limits.begin(begun::add, () -> {})).isEmpty();

    assertThat(metrics.scrape())
        .contains("signet_requests{state=\"in_hand\"} 1.0\n")
        .contains("signet_requests{state=\"waiting\"} 0.0\n")
        .contains("signet_requests{state=\"in_turn\"} 0.0\n");
    begun.getFirst().run();
    assertThat(metrics.scrape()).contains("signet_requests{state=\"in_hand\"} 0.0\n");
  }

  // ISTIO-75, ISTIO-92; istio#55464: the values follow a renewal.
  @Test
  void expiry_chainRenewed_newEndShown() {
    List<TestCertificates> issuing = new ArrayList<>(List.of(ROOT.intermediate("issuing")));
    Instant end = ROOT.certificate().getNotAfter().toInstant();
    ExpiryMetrics.bind(
        metrics.registry(),
        Clock.fixed(end.minusSeconds(100), ZoneOffset.UTC),
        () -> List.of(ROOT.certificate()),
        () -> issuing.stream().map(TestCertificates::certificate).toList());

    assertThat(gauge("citadel_server_root_cert_expiry_timestamp"))
        .isEqualTo((double) end.getEpochSecond());
    assertThat(gauge("citadel_server_root_cert_expiry_seconds")).isEqualTo(100);
    Instant chainEnd = issuing.getFirst().certificate().getNotAfter().toInstant();
    assertThat(gauge("citadel_server_cert_chain_expiry_timestamp"))
        .isEqualTo((double) chainEnd.getEpochSecond());
    assertThat(gauge("citadel_server_cert_chain_expiry_seconds"))
        .isEqualTo((double) Duration.between(end.minusSeconds(100), chainEnd).toSeconds());
    TestCertificates next = ROOT.workload("spiffe://example.org/next", Duration.ofHours(2));
    issuing.set(0, next);
    assertThat(gauge("citadel_server_cert_chain_expiry_timestamp"))
        .isEqualTo((double) next.certificate().getNotAfter().toInstant().getEpochSecond());
    issuing.clear();
    assertThat(gauge("citadel_server_cert_chain_expiry_timestamp")).isNaN();
    assertThat(metrics.scrape()).contains("\ncitadel_server_root_cert_expiry_seconds 100.0\n");
  }

  // ISTIO-95: the whole TTL, some of it gone, and less than none. No certificate is NaN, as above.
  @ParameterizedTest
  @ValueSource(ints = {86_400, 86_395, -60})
  void expiry_atAnyTime_whatIsLeft(int left) {
    Instant end = ROOT.certificate().getNotAfter().toInstant();
    var clock = Clock.fixed(end.minusSeconds(left), ZoneOffset.UTC);
    ExpiryMetrics.bind(
        metrics.registry(), clock, () -> List.of(ROOT.certificate()), () -> List.of());

    assertThat(gauge("citadel_server_root_cert_expiry_seconds")).isEqualTo(left);
  }

  @Test
  void scrape_jvm_memoryThreadsAndCollections() {
    assertThat(metrics.scrape())
        .contains("jvm_memory_used_bytes{")
        .contains("jvm_threads_live_threads ")
        .contains("jvm_gc_");
  }

  private IssuanceOutcome issue() {
    return issuance.issue(new IssuanceRequest(CALL, SHOWN, new byte[0], Optional.empty()));
  }

  private double gauge(String name) {
    return metrics.registry().get(name).gauge().value();
  }

  private JsonNode onlyLine() throws IOException {
    assertThat(lines).hasSize(1);
    return new ObjectMapper().readTree(lines.getFirst());
  }

  private long tick() {
    return now += ticking;
  }

  private static Issued issued(TestCertificates workload) {
    var svid = workload.svid();
    var roots = List.of(ROOT.certificate());
    return new Issued(
        svid, new TrustBundle(svid.id().trustDomain(), 0, roots, Optional.empty()), 1, "by rule 1");
  }
}
