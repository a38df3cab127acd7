package io.signet.ca.issuance;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.NOW;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.CaChain;
import io.signet.ca.authority.FakeAuthorityStore;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.authority.UpstreamCa;
import io.signet.ca.authorization.CallerPattern;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CaRequest;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.ca.testing.RotatingCa;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.ca.x509.Fingerprints;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Who gets a CA below ours, and what it is. */
final class IssueAuthorityTest {

  private static final Call CALL = FakeCall.from("10.0.0.1");
  private static final Evidence SHOWN = new Evidence.PeerCredentials(1000, 1000, 1);
  private static final SpiffeId EAST = SpiffeId.parse("spiffe://example.org/ns/signet/sa/east");
  private static final Proof PROOF =
      new Proof.ServiceAccount(
          EAST,
          Optional.empty(),
          "main",
          "signet",
          "east",
          Optional.of(new Proof.Pod("east-a", "uid-a")));
  private static final Duration LIFE = Duration.ofDays(2);
  private static final Duration ROOT_LIFE = Duration.ofDays(3650);
  private static final byte[] GARBAGE = {1, 2, 3};

  @RegisterExtension private final CapturedLog log = new CapturedLog(Signing.class);
  private final TestClock clock = new TestClock();
  private final FakeAttestor attestor =
      new FakeAttestor("fake").answer(SHOWN, new Attestation.Proven(PROOF));
  private final FakeLedger ledger = new FakeLedger();
  private FakeAuthorityStore store = new FakeAuthorityStore();
  private final FakeKeyCustodian roots = new FakeKeyCustodian();
  private final CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
  private Authorities authorities;
  private IssueAuthority issuance;
  private byte[] csr = {};
  private int entries;

  @BeforeEach
  void wire() throws Exception {
    csr = csr(KeyAlgorithm.EC_P256);
    below(open(Fixtures.policy(LIFE)));
  }

  private Authorities open(AuthorityPolicy policy) throws Exception {
    return Authorities.open(store, roots, new FakeKeyCustodian(), signer, policy, clock);
  }

  private void below(Authorities those) {
    authorities = those;
    issuance = issuance(Limits.none());
    entries = ledger.entries().size();
  }

  private IssueAuthority issuance(Limits limits) {
    Entitlement authority =
        new Entitlement(false, List.of(), Duration.ofHours(1), KeyType.ALL, List.of(), true);
    Entitlement none =
        new Entitlement(true, List.of(), Duration.ofHours(1), KeyType.ALL, List.of());
    List<Rule> rules =
        List.of(
            new Rule(0, CallerPattern.parse("spiffe://example.org/ns/signet/sa/*"), authority),
            new Rule(1, CallerPattern.parse("spiffe://example.org/ns/edge/sa/*"), none));
    return new IssueAuthority(
        new Attestors(List.of(attestor)),
        () -> new Entitlements(DOMAIN, Duration.ofHours(1), Duration.ofHours(1), rules),
        authorities,
        limits,
        Steps.unwatched());
  }

  // Nobody is waited for because of what nobody got.
  @Test
  void issue_anotherCaTakesOverAfterTheIntent_refusedAndNothingSigned() throws Exception {
    RotatingCa ca = new RotatingCa(signer, Duration.ofDays(2), clock);
    below(ca.authorities());
    ledger.afterNextIntend(ca::turn);

    assertRefused(
        request(Optional.empty()), Why.NO_AUTHORITY, "another CA has just taken over; ask again");

    assertThat(ledger.entries().get(entries).result()).isEqualTo(new Result.Withdrawn());
    assertThat(ledger.unfinished().count()).isZero();
  }

  // ISTIO-40 is not for it: whom it trusts, and tells its workloads to trust, is in a file of its
  // own.
  @Test
  void issue_trustsAllRootsOfTheBundle_hasIt() throws Exception {
    RotatingCa ca = new RotatingCa(signer, Duration.ofDays(2), clock);
    below(ca.authorities());
    ca.turn();
    Set<String> both = fingerprints();
    assertThat(both).hasSize(2);

    for (String one : both) {
      assertThat(answered(Set.of(one))).isZero();
    }
    assertThat(answered(Set.of())).isZero();
    assertThat(answered(both)).isEqualTo(authorities.bundle().sequence());
  }

  @Test
  void issue_trustsMoreThanTheBundle_hasIt() {
    Set<String> more = new HashSet<>(fingerprints());
    more.add(Fingerprints.of(ForeignCa.root("other").certificate()));

    assertThat(answered(more)).isOne();
  }

  private Set<String> fingerprints() {
    return authorities.bundle().authorities().stream().map(Fingerprints::of).collect(toSet());
  }

  /** The bundle that the ledger says it has. */
  private long answered(Set<String> trusted) {
    assertThat(issuance.issue(request(Optional.empty(), trusted))).isInstanceOf(Issued.class);
    return ledger.entries().getLast().intent().receiver().bundle();
  }

  @Test
  void issue_entitled_issuingAuthorityBelowTheRoot() throws Exception {
    Issued issued = issued(Optional.empty());

    X509Certificate certificate = issued.certificate();
    X509Certificate root = issued.bundle().authorities().getFirst();
    assertThat(issued.id()).isEqualTo(DOMAIN.id());
    assertThat(issued.caller()).contains(PROOF);
    assertThat(issued.chain()).containsExactly(certificate); // ISTIO-25: without the root
    certificate.verify(root.getPublicKey());
    assertThat(certificate.getPublicKey()).isEqualTo(CsrParser.key(csr));
    assertThat(certificate.getBasicConstraints()).isZero();
    assertThat(certificate.getSubjectAlternativeNames())
        .containsExactly(List.of(6, DOMAIN.id().toString()));
    assertThat(end(issued)).isEqualTo(NOW.plus(LIFE));
  }

  @Test
  void issue_caBelowARootElsewhere_chainWithThatCa() throws Exception {
    ForeignCa root = ForeignCa.root("Enterprise Root");
    KeyHandle key = roots.generate(new KeyLabel("ca"), KeyAlgorithm.EC_P256);
    X509Certificate ca = root.sign(Shape.named("Signet CA").pathLength(1), key.publicKey());
    store = new FakeAuthorityStore();
    store.intend(1, key.label());
    store.establish(key.label(), new CaChain(ca, List.of(), List.of(root.certificate())));
    below(open(Fixtures.policy(LIFE)));

    Issued issued = issued(Optional.empty());

    assertThat(issued.chain()).containsExactly(issued.certificate(), ca);
    assertThat(issued.bundle().authorities()).containsExactly(root.certificate());
    issued.certificate().verify(ca.getPublicKey());
  }

  // ISS-4, ISS-8
  @Test
  void issue_entitled_ledgerSaysWhoAskedAndWhy() {
    Issued issued = issued(Optional.empty());

    Intent intent = ledger.find(SerialNumber.of(issued.certificate())).orElseThrow().intent();
    assertThat(intent.profile()).isEqualTo("issuing");
    assertThat(intent.id()).isEqualTo(DOMAIN.id());
    assertThat(intent.reason())
        .isEqualTo(issued.detail())
        .isEqualTo(
            "entitlements[0] (caller spiffe://example.org/ns/signet/sa/*) lets %s have an issuing authority, asked by %s as uid-a"
                .formatted(EAST, EAST));
    assertThat(ledger.unfinished().count()).isZero();
  }

  // ISS-1: our own life is the most. That of the SVIDs of the rule does not count.
  @ParameterizedTest
  @CsvSource({"0, 172800", "-1, 172800", "7200, 7200", "172801, 172800"})
  void issue_lifetime_clampedByThatOfOurs(long asked, long seconds) {
    assertThat(end(issued(Optional.of(Duration.ofSeconds(asked)))))
        .isEqualTo(NOW.plusSeconds(seconds));
    assertThat(end(issued(Optional.of(Duration.ofSeconds(Long.MAX_VALUE)))))
        .isEqualTo(NOW.plus(LIFE));
  }

  @Test
  void issue_lateInTheLifeOfTheRoot_endsWithIt() {
    clock.advance(ROOT_LIFE.minusHours(6));

    assertThat(end(issued(Optional.empty()))).isEqualTo(NOW.plus(ROOT_LIFE));
  }

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void issue_eachKindOfKey_certified(KeyAlgorithm algorithm) throws Exception {
    csr = csr(algorithm);

    assertThat(KeyAlgorithm.of(issued(Optional.empty()).certificate().getPublicKey()))
        .contains(algorithm);
  }

  // Requests for SVIDs may have such a key; what is to sign must be of a kind that we know.
  @Test
  void issue_keyOfAnotherSize_badRequest() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2560);
    KeyPair keys = generator.generateKeyPair();
    csr =
        new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=x"), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate()))
            .getEncoded();

    assertRefused(Why.BAD_REQUEST, EAST + ": RSA key of a size without a name (expected: one of");
    assertNothingRecorded();
  }

  @Test
  void issue_notARequest_badRequest() {
    csr = GARBAGE;

    assertRefused(Why.BAD_REQUEST, EAST + ": request is neither DER nor one PEM block");
    assertNothingRecorded();
  }

  @Test
  void issue_keyNotHeld_badRequest() {
    csr[csr.length - 1] ^= 1;

    assertRefused(Why.BAD_REQUEST, EAST.toString());
    assertNothingRecorded();
  }

  @Test
  void issue_ruleWithoutIt_notEntitledAndTheRuleNamed() {
    prove(SpiffeId.parse("spiffe://example.org/ns/edge/sa/front"));

    assertRefused(
        Why.NOT_ENTITLED,
        "entitlements[1] (caller spiffe://example.org/ns/edge/sa/*):"
            + " spiffe://example.org/ns/edge/sa/front asked for an issuing authority"
            + " (expected: a rule with issuing-authority: on)");
    assertNothingRecorded();
  }

  @Test
  void issue_noRule_notEntitled() {
    prove(CART);

    assertRefused(Why.NOT_ENTITLED, "no rule is for the caller: " + CART + " asked for an issuing");
    assertNothingRecorded();
  }

  // Who may not have it learns nothing about its request.
  @Test
  void issue_notEntitledWithGarbage_notParsed() {
    prove(CART);
    csr = GARBAGE;

    assertRefused(Why.NOT_ENTITLED, "no rule");
  }

  // Else one authority would be enough to get the next ones.
  @Test
  void issue_provenByAnSvid_notEntitled() {
    attestor.answer(
        SHOWN,
        new Attestation.Proven(
            new Proof.HeldSvid(EAST, Optional.empty(), new SerialNumber(BigInteger.ONE))));

    assertRefused(Why.NOT_ENTITLED, EAST + " asked for an issuing authority by an SVID");
    assertNothingRecorded();
  }

  private void prove(SpiffeId id) {
    attestor.answer(SHOWN, new Attestation.Proven(new Proof.LocalUser(id, 1000, 1)));
  }

  @Test
  void issue_inTheNameOfAnother_badRequest() {
    var request =
        new IssuanceRequest(
            CALL,
            List.of(SHOWN),
            csr,
            Optional.empty(),
            Optional.of(EAST.toString()),
            true,
            Set.of());

    assertRefused(request, Why.BAD_REQUEST, "in the name of another");
    assertNothingRecorded();
  }

  @Test
  void issue_unproven_unauthenticated() {
    attestor.answer(SHOWN, Attestation.invalid("token expired"));

    assertRefused(Why.UNAUTHENTICATED, "token expired");
  }

  @Test
  void issue_callerAsksTooOften_limited() {
    var once = Optional.of(new RateLimit(1, 1));
    issuance = issuance(new Limits(Optional.empty(), once, OptionalInt.empty(), () -> 0));
    assertThat(issued(Optional.empty()).id()).isEqualTo(DOMAIN.id());

    assertRefused(Why.CALLER_LIMITED, EAST.toString());
  }

  @Test
  void issue_caSignsLeavesItself_noAuthority() throws Exception {
    below(
        open(
            new AuthorityPolicy(
                DOMAIN, KeyAlgorithm.EC_P256, Optional.of(ROOT_LIFE), LIFE, true, List.of())));

    assertRefused(Why.NO_AUTHORITY, "expected: keys.issuing: memory or custodian");
    assertNothingRecorded();
  }

  @Test
  void issue_caElsewhere_noAuthority() throws Exception {
    ForeignCa root = ForeignCa.root("root");
    below(
        Authorities.under(
            new FakeUpstream(root),
            List.of(root.certificate()),
            store,
            new FakeKeyCustodian(),
            new FakeKeyCustodian(),
            Fixtures.policy(LIFE),
            IssuingListener.NONE,
            clock));

    assertRefused(Why.NO_AUTHORITY, "expected: authority.root: own or imported");
    assertNothingRecorded();
  }

  /** Signs whatever it is asked to. */
  private record FakeUpstream(ForeignCa root) implements UpstreamCa {
    @Override
    public List<X509Certificate> certify(Wish wish) {
      try {
        return List.of(
            root.sign(Shape.named(wish.name()).pathLength(0), CsrParser.key(wish.request())));
      } catch (CsrException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void close() {}
  }

  @Test
  void issue_rootExpired_noAuthority() {
    clock.advance(ROOT_LIFE);

    assertRefused(Why.NO_AUTHORITY, "the root expired");
    assertNothingRecorded();
  }

  @Test
  void issue_intentNotRecorded_ledgerUnavailableAndNothingSigned() {
    int signatures = roots.signatures();
    ledger.failNextIntend(new LedgerException("disk full"));

    assertRefused(Why.LEDGER_UNAVAILABLE, "disk full");
    assertThat(roots.signatures()).isEqualTo(signatures);
  }

  // KC-1: an alarm, as for everything that is signed wrongly.
  @Test
  void issue_signatureCorrupted_alarm() {
    roots.corruptNextSignature();

    assertRefused(Why.CUSTODY_UNAVAILABLE, "did not verify");
    assertThat(log.alarms()).hasSize(1);
  }

  @Test
  void issue_rootsTokenAway_custodyUnavailable() {
    roots.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertRefused(Why.CUSTODY_UNAVAILABLE, EAST + ": token removed");
    assertThat(log.alarms()).isEmpty();
  }

  private void assertRefused(Why why, String detail) {
    assertRefused(request(Optional.empty()), why, detail);
  }

  private void assertRefused(IssuanceRequest request, Why why, String detail) {
    Refusals.assertRefused(issuance.issue(request), why, detail);
  }

  private void assertNothingRecorded() {
    assertThat(ledger.entries()).hasSize(entries);
  }

  private Issued issued(Optional<Duration> lifetime) {
    return (Issued) issuance.issue(request(lifetime));
  }

  private IssuanceRequest request(Optional<Duration> lifetime) {
    return request(lifetime, Set.of());
  }

  private IssuanceRequest request(Optional<Duration> lifetime, Set<String> trusted) {
    return new IssuanceRequest(
        CALL, List.of(SHOWN), csr, lifetime, Optional.empty(), true, trusted);
  }

  private static Instant end(Issued issued) {
    return issued.certificate().getNotAfter().toInstant();
  }

  /** As a server below asks, with names and a lifetime that do not count here. */
  private static byte[] csr(KeyAlgorithm algorithm) throws Exception {
    KeyHandle key = new FakeKeyCustodian().generate(new KeyLabel("issuing"), algorithm);
    return CaRequest.signed(
        CertificateProfile.issuing(DOMAIN, key.publicKey(), NOW, NOW.plusSeconds(60)), key);
  }
}
