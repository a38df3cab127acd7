package io.signet.ca.issuance;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.FakeAuthorityStore;
import io.signet.ca.authorization.CallerPattern;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.RotatingCa;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.X509Svid;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The journey of a request: each way it can end, and that no step is taken before its turn. */
final class IssueSvidTest {

  private static final Call CALL = FakeCall.from("10.0.0.1");
  private static final Evidence SHOWN = new Evidence.PeerCredentials(1000, 1000, 1);
  private static final Proof PROOF = new Proof.LocalUser(CART, 1000, 1);
  private static final Proof.ServiceAccount ZTUNNEL =
      new Proof.ServiceAccount(
          SpiffeId.parse("spiffe://example.org/ns/istio-system/sa/ztunnel"),
          Optional.empty(),
          "main",
          "istio-system",
          "ztunnel",
          Optional.of(new Proof.Pod("ztunnel-a", "uid-a")));
  private static final GeneralName OWN = uri(CART.toString());
  private static final GeneralName BANK = uri("spiffe://example.org/ns/shop/sa/bank");
  private static final GeneralName DNS = new GeneralName(GeneralName.dNSName, "bank.example.org");
  private static final GeneralName IP = new GeneralName(GeneralName.iPAddress, "10.0.0.1");
  private static final GeneralName EMAIL = new GeneralName(GeneralName.rfc822Name, "a@example.org");
  private static final byte[] CSR = csr(OWN);
  private static final byte[] GARBAGE = {1, 2, 3};

  @RegisterExtension private final CapturedLog log = new CapturedLog(Signing.class);
  private final TestClock clock = new TestClock();
  private final FakeAttestor attestor =
      new FakeAttestor("fake").answer(SHOWN, new Attestation.Proven(PROOF));
  private final Map<String, Attestation> lent = new HashMap<>();
  private final FakeLedger ledger = new FakeLedger();
  private final FakeKeyCustodian roots = new FakeKeyCustodian();
  private final FakeKeyCustodian issuers = new FakeKeyCustodian();
  private final CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
  private AuthorityPolicy policy;
  private Authorities authorities;
  private final List<Step> steps = new ArrayList<>();
  private IssueSvid issuance;
  private int entries;

  @BeforeEach
  void wire() throws Exception {
    policy = Fixtures.policy(Duration.ofDays(2));
    authorities = Authorities.open(new FakeAuthorityStore(), roots, issuers, signer, policy, clock);
    issuance = issuance(Limits.none());
    entries = ledger.entries().size();
  }

  private IssueSvid issuance(Entitlement... ofCart) {
    return issuance(Limits.none(), ofCart);
  }

  private IssueSvid issuance(Limits limits, Entitlement... ofCart) {
    List<Rule> rules =
        Stream.of(ofCart).map(each -> new Rule(0, CallerPattern.parse(CART + ""), each)).toList();
    Entitlements entitlements =
        new Entitlements(DOMAIN, Duration.ofHours(24), Duration.ofDays(90), rules);
    return new IssueSvid(
        new Attestors(List.of(attestor)),
        this::impersonate,
        () -> entitlements,
        authorities,
        signer,
        limits,
        steps::add,
        clock);
  }

  private Attestation impersonate(Proof caller, String identity) {
    assertThat(caller).isEqualTo(ZTUNNEL);
    return lent.getOrDefault(identity, Attestation.invalid("not on its node"));
  }

  // ISTIO-92: signed. ISTIO-95: the leaf and what leads to the root, to which istiod adds the root.
  @Test
  void issue_goodRequest_svidThatVerifies() throws Exception {
    Issued issued = issued(request(CSR, Optional.empty()));

    X509Svid svid = issued.svid();
    svid.verify(issued.bundle(), NOW); // PKIX, SPIFFE-28
    assertThat(svid.id()).isEqualTo(CART);
    assertThat(svid.chain()).hasSize(2); // ISTIO-25: without the root
    assertThat(svid.chain().getLast()).isEqualTo(authorities.active().authority().certificate());
    assertThat(svid.expiresAt()).isEqualTo(NOW.plus(Duration.ofHours(24)));
    assertThat(ledger.unfinished().count()).isZero();
  }

  // ISS-4: before the key is used, the ledger says who gets it, by what, and who asked.
  @Test
  void issue_goodRequest_ledgerSaysWhoAskedAndWhy() throws Exception {
    Issued own = issued(request(CSR, Optional.empty()));
    lend(CART);
    Issued lentToItsNode = issued(impersonating(CART.toString(), CSR));

    String why = "no rule is for " + CART + ", so it may hold its own identity, asked by ";
    assertThat(recordedReason(own)).isEqualTo(why + CART).isEqualTo(own.detail());
    assertThat(recordedReason(lentToItsNode)).isEqualTo(why + ZTUNNEL.id() + " as uid-a");
  }

  private String recordedReason(Issued issued) {
    return ledger.find(issued.svid().serial()).orElseThrow().intent().reason();
  }

  // CSR-10: of the request only the key, not its subject and not how its name was marked.
  @Test
  void issue_requestWithMore_onlyTheKeyIsTaken() throws Exception {
    byte[] csr = csr(OWN);

    X509Certificate leaf = issued(request(csr, Optional.empty())).svid().leaf();

    assertThat(leaf.getPublicKey()).isEqualTo(CsrParser.parse(csr).publicKey());
    assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
    assertThat(leaf.getCriticalExtensionOIDs()).contains("2.5.29.17");
  }

  // ISTIO-23: one root that does not parse would fail the whole reply.
  @Test
  void issue_goodRequest_everyRootParses() throws Exception {
    Issued issued = issued(request(CSR, Optional.empty()));

    byte[] pem = issued.bundle().toPem().getBytes(US_ASCII);
    var parsed =
        CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem));
    assertThat(List.copyOf(parsed))
        .isEqualTo(issued.bundle().authorities())
        .singleElement()
        .isNotEqualTo(issued.svid().chain().getLast());
  }

  @Test
  void issue_goodRequest_stepsInTheirOrder() {
    var _ = issued(request(CSR, Optional.empty()));

    assertThat(steps).containsExactly(Step.values());
  }

  @Test
  void issue_provenCaller_isInTheOutcome() {
    assertThat(issued(request(CSR, Optional.empty())).caller()).contains(PROOF);
    assertThat(issuance.issue(request(GARBAGE, Optional.empty())).caller()).contains(PROOF);

    attestor.answer(SHOWN, Attestation.invalid("token expired"));
    assertThat(issuance.issue(request(CSR, Optional.empty())).caller()).isEmpty();
  }

  // RATE-2: before anything is done for it.
  @Test
  void issue_callerAsksTooOften_limitedBeforeItsRequestIsRead() {
    var once = Optional.of(new RateLimit(1, 1));
    issuance = issuance(new Limits(Optional.empty(), once, OptionalInt.empty(), () -> 0));
    assertThat(issued(request(CSR, Optional.empty())).svid().id()).isEqualTo(CART);
    entries = ledger.entries().size();

    assertRefused(request(GARBAGE, Optional.empty()), Why.CALLER_LIMITED, CART.toString());
    assertNothingRecorded();
    assertThat(steps).endsWith(Step.ATTEST, Step.WAIT);
  }

  // ISTIO-30
  @Test
  void issue_callerGone_nothingSigned() {
    var gone = new FakeCall("call-1", "10.0.0.1", true);

    assertRefused(
        new IssuanceRequest(gone, List.of(SHOWN), CSR, Optional.empty()),
        Why.ABANDONED,
        "does not wait");
    assertNothingRecorded();
  }

  // ISTIO-95: no URI beside the empty O.
  @Test
  void issue_noNameInTheRequest_itsOwn() {
    assertThat(issued(request(csr(), Optional.empty())).svid().id()).isEqualTo(CART);
  }

  // ISTIO-62, ISS-1: clamped by our limit, and by the end of the issuer.
  @ParameterizedTest
  @CsvSource({
    "ISTIO-95: no TTL,                                   0, 86400",
    "less than none,                                    -1, 86400",
    "least of all,                    -9223372036854775808, 86400",
    "ISTIO-95: TTL within the limit,                    60, 60",
    "ISTIO-95: TTL beyond the issuer,               172801, 172800",
    "above 2^64 in nanoseconds,                18446744074, 172800",
    "most of all,                      9223372036854775807, 172800"
  })
  void issue_lifetime_clamped(String name, long asked, long seconds) throws Exception {
    Issued issued = issued(request(CSR, Optional.of(Duration.ofSeconds(asked))));

    assertThat(issued.svid().expiresAt()).isEqualTo(NOW.plusSeconds(seconds));
    issued.svid().verify(issued.bundle(), NOW.plusSeconds(seconds)); // to its last moment
  }

  // ISTIO-95, ISS-1: a default that is longer than what is left of the issuer.
  @Test
  void issue_noLifetimeLateInTheLifeOfTheIssuer_endsWithIt() {
    clock.advance(Duration.ofHours(36));

    Issued issued = issued(request(CSR, Optional.empty()));

    assertThat(issued.svid().expiresAt()).isEqualTo(NOW.plus(Duration.ofDays(2)));
  }

  // ISTIO-62, by a rule. ISTIO-95: TTL above the limit, which istiod refuses; ISS-1 clamps it.
  @ParameterizedTest
  @CsvSource({"0, 600", "-1, 600", "60, 60", "18446744074, 600", "9223372036854775807, 600"})
  void issue_lifetimeOfARule_clamped(long asked, long seconds) {
    issuance =
        issuance(new Entitlement(true, List.of(), Duration.ofMinutes(10), KeyType.ALL, List.of()));

    Issued issued = issued(request(CSR, Optional.of(Duration.ofSeconds(asked))));

    assertThat(issued.svid().expiresAt()).isEqualTo(NOW.plusSeconds(seconds));
  }

  // ISTIO-91, refused: no auth, bad CSR, DNS, IP, e-mail, wrong id, extra id. Each alone and beside
  // the caller's own name, with no rule and with one that gives another DNS name (CSR-7). ISTIO-95:
  // istiod signs the caller's name where the request has another; we refuse.
  @ParameterizedTest
  @MethodSource
  void issue_nameThatTheCallerMayNotHave_refused(String name, byte[] csr, Why why, String detail) {
    for (IssueSvid each : List.of(issuance(), issuance(with("cart.example.org")))) {
      issuance = each;
      assertRefused(request(csr, Optional.empty()), why, detail);
    }
    assertNothingRecorded();
  }

  static Stream<Object> issue_nameThatTheCallerMayNotHave_refused() {
    String notOneUri = "(expected: one URI)";
    return Stream.of(
        arguments("ISTIO-91: bad CSR", GARBAGE, Why.BAD_REQUEST, "neither DER nor one PEM"),
        arguments("ISTIO-91: DNS", csr(DNS), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: DNS beside", csr(OWN, DNS), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: IP", csr(IP), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: IP beside", csr(OWN, IP), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: e-mail", csr(EMAIL), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: e-mail beside", csr(OWN, EMAIL), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91, ISTIO-95: wrong id", csr(BANK), Why.NOT_ENTITLED, "asked for"),
        arguments("ISTIO-91, ISTIO-95: extra id", csr(OWN, BANK), Why.BAD_REQUEST, notOneUri),
        arguments("ISTIO-91: the own id twice", csr(OWN, OWN), Why.BAD_REQUEST, notOneUri));
  }

  // ISTIO-91, accepted: correct id; ECC. ISTIO-95: RSA and EC workloads.
  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void issue_correctId_issuedOverEachKindOfKey(KeyAlgorithm algorithm) throws Exception {
    KeyPair keys = keys(algorithm);

    X509Certificate leaf = issued(request(csr(keys, OWN), Optional.empty())).svid().leaf();

    assertThat(leaf.getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, CART.toString()));
  }

  // CSR-10: exactly the names of the rule, whatever of them the request lists, and in which order.
  @ParameterizedTest
  @MethodSource
  void issue_ruleWithDnsNames_exactlyThese(byte[] csr) throws Exception {
    issuance = issuance(with("cart.example.org", "cart"));

    Issued issued = issued(request(csr, Optional.empty()));

    issued.svid().verify(issued.bundle(), NOW);
    assertThat(issued.svid().leaf().getSubjectAlternativeNames())
        .containsExactly(
            List.of(6, CART.toString()), List.of(2, "cart.example.org"), List.of(2, "cart"));
    assertThat(issued.detail()).startsWith("entitlements[0] (caller " + CART + ")");
  }

  static Stream<byte[]> issue_ruleWithDnsNames_exactlyThese() {
    GeneralName one = new GeneralName(GeneralName.dNSName, "cart");
    GeneralName other = new GeneralName(GeneralName.dNSName, "cart.example.org");
    return Stream.of(csr(), csr(OWN), csr(OWN, one), csr(one, other, OWN), csr(one, OWN, one));
  }

  // CSR-10: the lint's limit is never what refuses a request that the configuration allows.
  @Test
  void issue_everythingOfTheLongest_issued() throws Exception {
    SpiffeId longest =
        SpiffeId.parse(
            "spiffe://example.org/" + "x".repeat(2048 - "spiffe://example.org/".length()));
    List<String> names =
        IntStream.range(0, 16)
            .mapToObj(i -> "%02d".formatted(i) + "x".repeat(61) + ".x".repeat(95))
            .toList();
    PublicKey key =
        KeyFactory.getInstance("RSA")
            .generatePublic(
                new RSAPublicKeySpec(
                    BigInteger.ONE.shiftLeft(8191).setBit(0), RSAKeyGenParameterSpec.F4));

    assertThat(names).allMatch(name -> name.length() == 253);
    assertThat(
            issuance.granted(Grant.own(longest, Duration.ofHours(1), names), key, Optional.empty()))
        .isInstanceOf(Issued.class);
  }

  // ISTIO-95: one of the several names that a caller may have.
  @Test
  void issue_ruleForAnotherIdentity_thatIdentity() {
    SpiffeId bank = SpiffeId.parse("spiffe://example.org/ns/shop/sa/bank");
    issuance =
        issuance(new Entitlement(true, List.of(bank), Duration.ofDays(1), KeyType.ALL, List.of()));

    Issued issued = issued(request(csr(BANK), Optional.empty()));

    assertThat(issued.svid().id()).isEqualTo(bank);
    assertThat(issued.detail()).contains(CART + " hold " + bank); // who got what
    assertThat(issued(request(CSR, Optional.empty())).svid().id()).isEqualTo(CART);
  }

  @Test
  void issue_ruleWithoutItsOwnIdentity_notEntitled() {
    issuance =
        issuance(new Entitlement(false, List.of(), Duration.ofDays(1), KeyType.ALL, List.of()));

    assertRefused(request(CSR, Optional.empty()), Why.NOT_ENTITLED, "entitlements[0]");
    assertRefused(request(csr(), Optional.empty()), Why.NOT_ENTITLED, "entitlements[0]");
    assertNothingRecorded();
  }

  // What is wrong with its own request, a caller is told.
  @Test
  void issue_keyOfAKindThatTheRuleDoesNotAllow_badRequest() {
    KeyType p384 = KeyType.of(KeyAlgorithm.EC_P384);
    issuance =
        issuance(
            new Entitlement(
                true, List.of(), Duration.ofDays(1), List.of(p384, KeyType.RSA), List.of()));

    assertRefused(
        request(CSR, Optional.empty()),
        Why.BAD_REQUEST,
        "key of kind ec-p256 (expected: ec-p384 or rsa, by entitlements[0])");
    assertNothingRecorded();
    assertThat(issued(request(csr(keys(KeyAlgorithm.EC_P384), OWN), Optional.empty())).svid().id())
        .isEqualTo(CART);
  }

  private static Entitlement with(String... hosts) {
    return new Entitlement(true, List.of(), Duration.ofDays(1), KeyType.ALL, List.of(hosts));
  }

  // ISTIO-26: who is not proven learns nothing about the rest of its request. ISTIO-92:
  // unauthenticated request.
  @Test
  void issue_unprovenWithGarbage_unauthenticatedAndNotParsed() {
    attestor.answer(SHOWN, Attestation.invalid("token expired"));

    assertRefused(request(GARBAGE, Optional.empty()), Why.UNAUTHENTICATED, "token expired");
    assertNothingRecorded();
  }

  // ISTIO-91: no auth. ISTIO-92: no client certificate, and nothing else.
  @Test
  void issue_nothingShown_unauthenticated() {
    assertRefused(
        new IssuanceRequest(CALL, List.of(), CSR, Optional.empty()),
        Why.UNAUTHENTICATED,
        "no evidence");
  }

  // ISTIO-92: no authenticator for what was shown.
  @Test
  void issue_nothingToJudge_unauthenticated() {
    attestor.answer(SHOWN, Attestation.missing("not mine"));

    assertRefused(request(CSR, Optional.empty()), Why.UNAUTHENTICATED, "not mine");
  }

  @Test
  void issue_attestorUnavailable_attestationUnavailable() {
    attestor.answer(SHOWN, Attestation.unavailable("API server down"));

    assertRefused(request(CSR, Optional.empty()), Why.ATTESTATION_UNAVAILABLE, "API server down");
  }

  @Test
  void issue_badCsr_badRequest() {
    assertRefused(request(GARBAGE, Optional.empty()), Why.BAD_REQUEST, CART.toString());
    assertNothingRecorded();
  }

  // ISTIO-12, ISTIO-24, ISTIO-57: exactly the identity that was proven, and no name beside it.
  @ParameterizedTest
  @ValueSource(strings = {"", "spiffe://example.org/ns/shop/sa/cart"})
  void issue_impersonated_thatIdentityAndWhoAsked(String inTheRequest) throws Exception {
    lend(CART);

    Issued issued =
        issued(
            impersonating(
                CART.toString(), inTheRequest.isEmpty() ? csr() : csr(uri(inTheRequest))));

    assertThat(issued.svid().id()).isEqualTo(CART);
    assertThat(issued.svid().leaf().getSubjectAlternativeNames())
        .containsExactly(List.of(6, CART.toString()));
    assertThat(issued.caller()).contains(new Proof.Impersonated(CART, ZTUNNEL));
  }

  // ISTIO-24, CSR-7: the name in the request is the impersonated one or none; also not the caller's
  // own.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://example.org/ns/istio-system/sa/ztunnel",
        "spiffe://example.org/ns/shop/sa/bank"
      })
  void issue_impersonatedAndAnotherNameInTheRequest_notEntitledAndBothNamed(String other) {
    lend(CART);

    IssuanceRequest request = impersonating(CART.toString(), csr(uri(other)));

    assertThat(issuance.issue(request).caller()).contains(new Proof.Impersonated(CART, ZTUNNEL));
    assertRefused(request, Why.NOT_ENTITLED, CART + " asked for \"" + other);
    assertNothingRecorded();
  }

  // ISTIO-26: who may not impersonate learns nothing about the rest, and never gets its own.
  @Test
  void issue_impersonationDenied_unauthenticatedAndNotParsed() {
    attestor.answer(SHOWN, new Attestation.Proven(ZTUNNEL));

    assertRefused(impersonating(CART.toString(), GARBAGE), Why.UNAUTHENTICATED, "not on its node");
    assertRefused(impersonating(ZTUNNEL.id().toString(), CSR), Why.UNAUTHENTICATED, "not on");
    assertNothingRecorded();
  }

  // ISTIO-32
  @Test
  void issue_impersonationNotJudged_attestationUnavailable() {
    lend(CART);
    lent.put(CART.toString(), Attestation.unavailable("no answer"));

    assertRefused(impersonating(CART.toString(), CSR), Why.ATTESTATION_UNAVAILABLE, "no answer");
    assertNothingRecorded();
  }

  @Test
  void issue_unprovenCallerImpersonates_itsOwnRefusal() {
    attestor.answer(SHOWN, Attestation.invalid("token expired"));
    lent.put(CART.toString(), new Attestation.Proven(PROOF));

    assertRefused(impersonating(CART.toString(), CSR), Why.UNAUTHENTICATED, "token expired");
    assertNothingRecorded();
  }

  @Test
  void issue_impersonatedWithBadCsr_badRequestThatNamesBoth() {
    lend(CART);

    IssuanceRequest request = impersonating(CART.toString(), GARBAGE);

    assertRefused(request, Why.BAD_REQUEST, CART.toString());
    assertThat(issuance.issue(request).caller()).contains(new Proof.Impersonated(CART, ZTUNNEL));
    assertNothingRecorded();
  }

  private void lend(SpiffeId id) {
    attestor.answer(SHOWN, new Attestation.Proven(ZTUNNEL));
    lent.put(id.toString(), new Attestation.Proven(new Proof.Impersonated(id, ZTUNNEL)));
  }

  private static IssuanceRequest impersonating(String identity, byte[] csr) {
    return new IssuanceRequest(
        CALL, List.of(SHOWN), csr, Optional.empty(), Optional.of(identity), false, Set.of());
  }

  // ISTIO-92: CA not ready.
  @Test
  void issue_authorityExpired_noAuthority() {
    clock.advance(Duration.ofDays(3));

    assertRefused(request(CSR, Optional.empty()), Why.NO_AUTHORITY, "expired");
    assertNothingRecorded();
  }

  @Test
  void issue_intentNotRecorded_ledgerUnavailableAndNothingSigned() {
    int signatures = issuers.signatures();
    ledger.failNextIntend(new LedgerException("disk full"));

    assertRefused(request(CSR, Optional.empty()), Why.LEDGER_UNAVAILABLE, "disk full");
    assertThat(issuers.signatures()).isEqualTo(signatures);
  }

  // ISS-8
  @Test
  void issue_resultNotRecorded_ledgerUnavailableAndNothingReleased() {
    ledger.failNextIssued(new LedgerException("disk full"));

    assertRefused(request(CSR, Optional.empty()), Why.LEDGER_UNAVAILABLE, "disk full");
    assertThat(ledger.unfinished().count()).isOne();
  }

  // ISS-9. ISTIO-92: failed to sign.
  @Test
  void issue_custodianFails_custodyUnavailable() {
    issuers.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertRefused(request(CSR, Optional.empty()), Why.CUSTODY_UNAVAILABLE, "token removed");
    assertThat(ledger.unfinished().count()).isOne();
  }

  // KC-5, ISS-9: whatever the custodian failed of, it is never the client's fault. Only what ends a
  // key or the process is an alarm.
  @ParameterizedTest
  @EnumSource(Fault.class)
  void issue_anyFault_custodyUnavailable(Fault fault) {
    issuers.failNextSign(new CustodyException(fault, "as told"));

    assertRefused(request(CSR, Optional.empty()), Why.CUSTODY_UNAVAILABLE, "as told");
    assertThat(log.alarms()).hasSize(fault == Fault.BROKEN || fault == Fault.FATAL ? 1 : 0);
  }

  // KC-1: an alarm once, no signature and no intent any more, until another authority signs.
  @Test
  void issue_signatureCorrupted_alarmAndNoAuthorityUntilRenewed() throws Exception {
    issuers.corruptNextSignature();
    assertRefused(request(CSR, Optional.empty()), Why.CUSTODY_UNAVAILABLE, "did not verify");
    entries = ledger.entries().size();

    assertRefused(request(CSR, Optional.empty()), Why.NO_AUTHORITY, "out of use");
    assertNothingRecorded();
    assertThat(log.alarms()).singleElement().asString().contains("CustodyException");

    authorities.renew();
    assertThat(issued(request(CSR, Optional.empty())).svid().id()).isEqualTo(CART);
  }

  // ISS-3
  @Test
  void granted_hostThatIsNone_selfCheckFailed() {
    Grant grant = Grant.own(CART, Duration.ofHours(1), List.of("no host"));

    assertThat(issuance.granted(grant, KEY, Optional.empty()))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.why()).isEqualTo(Why.SELF_CHECK_FAILED));
    assertNothingRecorded();
    assertThat(log.alarms()).singleElement().asString().contains("SelfCheckException");
  }

  @Test
  void granted_hosts_besideTheId() throws Exception {
    Grant grant = Grant.own(CART, Duration.ofHours(1), List.of("ca.example.org"));

    Issued issued = (Issued) issuance.granted(grant, KEY, Optional.empty());

    assertThat(issued.svid().leaf().getSubjectAlternativeNames())
        .containsExactly(List.of(6, CART.toString()), List.of(2, "ca.example.org"));
  }

  // The switch from one CA to the next: whoever waits for the leaves of the old one reads the
  // ledger, so what is not in there by then must not be signed any more.
  @Test
  void issue_anotherCaTakesOverAfterTheIntent_signedByThatOneOnly() throws Exception {
    RotatingCa ca = new RotatingCa(signer, Duration.ofDays(2), clock);
    authorities = ca.authorities();
    issuance = issuance(Limits.none());
    ledger.afterNextIntend(ca::turn);

    Issued issued = issued(request(CSR, Optional.empty()));

    assertThat(issued.generation()).isEqualTo(2);
    issued.svid().verify(issued.bundle(), NOW);
    assertThat(issued.svid().chain().getLast())
        .isEqualTo(authorities.active().authority().certificate());
    List<LedgerEntry> leaves =
        ledger.entries().stream().filter(each -> each.intent().profile().equals("leaf")).toList();
    assertThat(leaves)
        .extracting(each -> each.signature().isPresent())
        .containsExactly(false, true);
    assertThat(leaves.getFirst().result()).isEqualTo(new Result.Withdrawn());
    assertThat(ledger.unfinished().count()).isZero();
    assertThat(leaves)
        .extracting(each -> each.intent().receiver().generation())
        .containsExactly(1, 2);
    // It is one holder, which has got the second in place of the first.
    assertThat(leaves)
        .extracting(each -> each.intent().receiver().holder())
        .containsOnly(Optional.of(HolderKey.single(CART, leaves.getFirst().intent().serial())));
  }

  @Test
  void issue_anotherCaTakesOverAgainAndAgain_noAuthority() throws Exception {
    RotatingCa ca = new RotatingCa(signer, Duration.ofDays(2), clock);
    authorities = ca.authorities();
    issuance = issuance(Limits.none());
    turnsAtEachLeaf(ca, 4);

    assertRefused(request(CSR, Optional.empty()), Why.NO_AUTHORITY, "took over 3 times in a row");
    assertThat(ledger.unfinished().count()).isZero();
  }

  // The intents of a turn itself are those of the root and the issuing authority.
  private void turnsAtEachLeaf(RotatingCa ca, int times) {
    ledger.afterNextIntend(() -> {
      ca.turn();
      if (times > 1) {
        turnsAtEachLeaf(ca, times - 1);
      }
    });
  }

  // What a rotation counts: which one of those that share an identity has got what.
  @Test
  void issue_goodRequest_ledgerSaysWhoHasWhichBundleUnderWhichRoot() {
    Issued nameless = issued(request(CSR, Optional.empty()));
    assertThat(receiver(nameless))
        .isEqualTo(
            new Receiver(
                Optional.of(HolderKey.single(CART, nameless.svid().serial())),
                Optional.empty(),
                1,
                1));

    var pod =
        new Proof.ServiceAccount(
            CART, Optional.empty(), "main", "shop", "cart", Optional.of(new Proof.Pod("a", "uid")));
    attestor.answer(SHOWN, new Attestation.Proven(pod));
    assertThat(receiver(issued(request(CSR, Optional.empty()))).holder())
        .contains(new HolderKey(CART, "uid"));
  }

  @Test // a renewal by a certificate of ours replaces that certificate
  void issue_shownACertificate_holderOfThatOne() {
    Issued first = issued(request(CSR, Optional.empty()));
    shows(first);
    Issued second = issued(request(CSR, Optional.empty()));
    shows(second);
    Issued third = issued(request(CSR, Optional.empty()));

    assertThat(receiver(third).holder())
        .isEqualTo(receiver(second).holder())
        .isEqualTo(receiver(first).holder())
        .contains(HolderKey.single(CART, first.svid().serial()));
  }

  private void shows(Issued certificate) {
    attestor.answer(
        SHOWN,
        new Attestation.Proven(
            new Proof.HeldSvid(CART, Optional.empty(), certificate.svid().serial())));
  }

  @Test // what goes out on a stream counts when it is acknowledged, and our own never
  void granted_toAStreamAndToOurselves_noBundleAndNobody() {
    Grant grant = Grant.own(CART, Duration.ofHours(1), List.of());
    HolderKey pod = new HolderKey(CART, "uid");

    assertThat(receiver((Issued) issuance.granted(grant, KEY, Optional.of(pod))))
        .isEqualTo(new Receiver(Optional.of(pod), Optional.empty(), 0, 1));
    assertThat(receiver((Issued) issuance.granted(grant, KEY, Optional.empty())).holder())
        .isEmpty();
  }

  private Receiver receiver(Issued issued) {
    return ledger.find(issued.svid().serial()).orElseThrow().intent().receiver();
  }

  private void assertRefused(IssuanceRequest request, Why why, String detail) {
    Refusals.assertRefused(issuance.issue(request), why, detail);
  }

  private void assertNothingRecorded() {
    assertThat(ledger.entries()).hasSize(entries);
  }

  private Issued issued(IssuanceRequest request) {
    return (Issued) issuance.issue(request);
  }

  private static IssuanceRequest request(byte[] csr, Optional<Duration> lifetime) {
    return new IssuanceRequest(CALL, List.of(SHOWN), csr, lifetime);
  }

  private static GeneralName uri(String uri) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
  }

  private static KeyPair keys(KeyAlgorithm algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
      generator.initialize(algorithm.generation());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] csr(GeneralName... names) {
    return csr(keys(KeyAlgorithm.EC_P256), names);
  }

  /** An empty O as agents send it, and these names, not critical; none when there is none. */
  private static byte[] csr(KeyPair keys, GeneralName... names) {
    try {
      var info =
          new CertificationRequestInfo(
              new X500NameBuilder().addRDN(BCStyle.O, "").build(),
              SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()),
              names.length == 0 ? new DERSet() : new DERSet(asks(names)));
      boolean ec = keys.getPublic().getAlgorithm().equals("EC");
      Signature signer = Signature.getInstance(ec ? "SHA256withECDSA" : "SHA256withRSA");
      signer.initSign(keys.getPrivate());
      signer.update(info.getEncoded("DER"));
      ASN1EncodableVector request = new ASN1EncodableVector();
      request.add(info);
      request.add(
          ec
              ? new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256)
              : new AlgorithmIdentifier(
                  PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE));
      request.add(new DERBitString(signer.sign()));
      return new DERSequence(request).getEncoded("DER");
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Attribute asks(GeneralName... names) throws IOException {
    byte[] all = new GeneralNames(names).getEncoded("DER");
    var san = new Extension(Extension.subjectAlternativeName, false, all);
    return new Attribute(
        PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new DERSet(new DERSequence(san)));
  }
}
