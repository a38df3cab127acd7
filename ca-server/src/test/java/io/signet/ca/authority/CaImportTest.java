package io.signet.ca.authority;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A CA below a root elsewhere: asked for, looked at, taken, and signing. */
final class CaImportTest {

  private static final Duration ISSUING_LIFE = Duration.ofDays(1);

  private final TestClock clock = new TestClock();
  private final FakeAuthorityStore store = new FakeAuthorityStore();
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final CertificateSigner signer =
      new CertificateSigner(new FakeLedger(), Fixtures.serials(), clock);
  private final ForeignCa root = ForeignCa.root("Enterprise Root");
  private final ForeignCa middle = root.below(Shape.named("Enterprise CA"));
  private AuthorityPolicy policy = policy(false);
  private PublicKey key = KEY;

  @BeforeEach
  void ask() throws Exception {
    key = CsrParser.key(ca().request());
  }

  @Test
  void request_againAndAfterARestart_theSameKey() throws Exception {
    assertThat(CsrParser.key(ca().request())).isEqualTo(key);
    assertThat(custodian.find(store.ca().orElseThrow().label()).orElseThrow().publicKey())
        .isEqualTo(key);
  }

  // KC-7
  @Test
  void request_keyNotMade_theNextOneHasItsLabel() throws Exception {
    FakeAuthorityStore fresh = new FakeAuthorityStore();
    CaImport importing = new CaImport(fresh, custodian, policy, clock);
    custodian.failNextGenerate(new CustodyException(Fault.LOST, "token removed"));
    assertThatThrownBy(importing::request).isInstanceOf(CustodyException.class);
    KeyLabel label = fresh.ca().orElseThrow().label();

    PublicKey made = CsrParser.key(importing.request());

    assertThat(custodian.find(label).orElseThrow().publicKey()).isEqualTo(made);
  }

  // Whoever trusts the root alone believes a leaf by what travels with it (ISTIO-21, PROF-6).
  @Test
  void accept_twoBelowTheRoot_leavesChainToTheRoot() throws Exception {
    X509Certificate signed = middle.sign(Shape.named("Signet CA").pathLength(1), key);

    CaChain chain =
        ca().accept(
                List.of(root.certificate(), middle.certificate(), signed),
                List.of(root.certificate()));

    assertThat(chain)
        .isEqualTo(new CaChain(signed, List.of(middle.certificate()), List.of(root.certificate())));
    Authorities authorities = open();
    assertThat(authorities.bundle().authorities()).containsExactly(root.certificate());
    IssuingAuthority active = authorities.active();
    assertThat(active.chain()).hasSize(3).endsWith(signed, middle.certificate());
    assertBelieved(leafWith(active), root.certificate());
  }

  // The signing authority keeps the name that the other CA has given its key, or has none (ISS-7).
  @ParameterizedTest
  @MethodSource
  void accept_namedInAnotherWay_leavesChainToTheRoot(Shape shape) throws Exception {
    X509Certificate signed = root.sign(shape, key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));

    assertBelieved(leafWith(open().active()), root.certificate());
  }

  static Stream<Shape> accept_namedInAnotherWay_leavesChainToTheRoot() {
    return Stream.of(
        Shape.named("no key id"),
        Shape.named("SHA-1 of the key").keyId(new byte[20]),
        Shape.named("short").keyId((byte) 1),
        Shape.named("long").keyId(new byte[64]),
        Shape.named("of the trust domain").uri("spiffe://example.org"),
        Shape.named("constrained").permitting("example.org"),
        Shape.named("for TLS")
            .purposes(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
        Shape.named("for all").purposes(KeyPurposeId.anyExtendedKeyUsage));
  }

  // CAs of Istio's own tools may have no CA below them.
  @Test
  void accept_pathLengthZeroAndDirect_caSignsLeavesItself() throws Exception {
    policy = policy(true);
    X509Certificate signed = root.sign(Shape.named("Signet CA").pathLength(0), key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));

    IssuingAuthority active = open().active();

    assertThat(active.chain()).containsExactly(signed);
    assertThat(active.authority().certificate()).isEqualTo(signed);
    assertBelieved(leafWith(active), root.certificate());
  }

  @Test
  void renew_direct_nothingToRenewUntilTheEnd() throws Exception {
    policy = policy(true);
    X509Certificate signed = root.sign(Shape.named("Signet CA").pathLength(0), key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));
    Authorities authorities = open();

    assertThat(authorities.renewAt()).isEqualTo(signed.getNotAfter().toInstant());
    authorities.renew();
    assertThat(authorities.active().authority().certificate()).isEqualTo(signed);
    clock.advance(Duration.ofDays(365));
    assertThatThrownBy(authorities::renew)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the CA expired at");
  }

  // VPKI-2
  @ParameterizedTest
  @MethodSource
  void accept_notWhatWasAskedFor_refusedAndNothingChanged(Shape shape, String problem)
      throws Exception {
    X509Certificate signed = root.sign(shape, key);

    assertRefused(List.of(signed), List.of(root.certificate()), problem);
  }

  static Stream<Arguments> accept_notWhatWasAskedFor_refusedAndNothingChanged() {
    Shape good = Shape.named("Signet CA");
    return Stream.of(
        Arguments.of(good.leaf(), "it is not a CA (expected: basic constraints with CA true)"),
        Arguments.of(good.usage(KeyUsage.cRLSign), "does not allow to sign certificates"),
        Arguments.of(
            good.pathLength(0),
            "its path length is 0 (expected: at least 1, or keys.issuing: root)"),
        Arguments.of(
            good.uri("spiffe://other.org"), "it is of spiffe://other.org (expected: spiff"),
        Arguments.of(
            good.permitting("other.org"),
            "constraints of its chain forbid spiffe://example.org/any"),
        Arguments.of(good.from(NOW.plusSeconds(1)), "it begins at"),
        Arguments.of(good.from(NOW.minusSeconds(9)).until(NOW.minusSeconds(1)), "expired"),
        Arguments.of(
            good.until(NOW.plus(ISSUING_LIFE).minusSeconds(1)), "(expected: not before 2026-11-24"),
        // A leaf below it would be refused by our own check, after it was signed (SPIFFE-25).
        Arguments.of(good.usageNotCritical(), "critical"),
        Arguments.of(
            good.purposes(KeyPurposeId.id_kp_serverAuth),
            "its extended key usage is not for servers and clients"),
        Arguments.of(good.signedBy("SHA1withECDSA"), "it is signed by SHA1withECDSA"));
  }

  @Test
  void accept_ofAnotherKey_refused() throws Exception {
    assertRefused(
        List.of(middle.certificate()),
        List.of(root.certificate()),
        "none of [\"CN=Enterprise CA\"] is of our key");
  }

  @Test
  void accept_gapInTheChain_refusedAndNamed() throws Exception {
    X509Certificate signed = middle.sign(Shape.named("Signet CA"), key);

    assertRefused(
        List.of(signed),
        List.of(root.certificate()),
        "\"CN=Signet CA\" was signed by \"CN=Enterprise CA\", which is neither in the chain nor");
  }

  // Two CAs with one name: the signature tells them apart.
  @Test
  void accept_rootOfTheSameNameAndAnotherKey_refused() throws Exception {
    X509Certificate signed = root.sign(Shape.named("Signet CA"), key);

    assertRefused(
        List.of(signed),
        List.of(ForeignCa.root("Enterprise Root").certificate()),
        "neither in the chain nor one of the roots");
  }

  @Test
  void accept_pathLengthAboveTooShort_refused() throws Exception {
    ForeignCa narrow = root.below(Shape.named("narrow").pathLength(1));
    X509Certificate signed = narrow.sign(Shape.named("Signet CA"), key);

    assertRefused(
        List.of(signed, narrow.certificate()),
        List.of(root.certificate()),
        "\"CN=narrow\": its path length is 1 (expected: at least 2)");
  }

  // Rules come later than the CA: what they give must be of use.
  @Test
  void refusal_nameOutsideTheConstraints_named() throws Exception {
    X509Certificate signed = root.sign(Shape.named("Signet CA").permittingHosts("shop.org"), key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));
    Authorities authorities = open();

    assertThat(authorities.refusal(List.of("cart.shop.org"))).isEmpty();
    assertThat(authorities.refusal(List.of("cart.shop.org", "bank.com")))
        .contains("bank.com: not of the names that our CA may sign");
  }

  // Envoy and Go go by the constraints of roots too.
  @Test
  void accept_rootConstrained_refused() throws Exception {
    ForeignCa narrow = ForeignCa.root(Shape.named("narrow").permitting("other.org"));
    X509Certificate signed = narrow.sign(Shape.named("Signet CA"), key);

    assertRefused(
        List.of(signed),
        List.of(narrow.certificate()),
        "constraints of its chain forbid spiffe://");
  }

  @Test
  void accept_nothingAskedBefore_refused() throws Exception {
    CaImport importing = new CaImport(new FakeAuthorityStore(), custodian, policy, clock);

    assertThatThrownBy(
            () -> importing.accept(List.of(root.certificate()), List.of(root.certificate())))
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("expected: signet authority csr before");
  }

  // Certified anew, with the same key and below the same root.
  @Test
  void accept_again_theNewCertificateSigns() throws Exception {
    X509Certificate first = root.sign(Shape.named("Signet CA"), key);
    CaChain _ = ca().accept(List.of(first), List.of(root.certificate()));
    X509Certificate second = middle.sign(Shape.named("Signet CA"), key);

    CaChain _ = ca().accept(List.of(second, middle.certificate()), List.of(root.certificate()));

    assertThat(open().active().chain()).endsWith(second, middle.certificate());
  }

  // K8S-52, 54: those who trust what was trusted before, and those who trust what comes.
  @Test
  void accept_againWithOtherRoots_onlyMoreOrLessOfThemAtATime() throws Exception {
    ForeignCa next = ForeignCa.root("Next Root");
    X509Certificate first = root.sign(Shape.named("Signet CA"), key);
    X509Certificate second = next.sign(Shape.named("Signet CA"), key);
    CaChain _ = ca().accept(List.of(first), List.of(root.certificate()));

    List<X509Certificate> both = List.of(root.certificate(), next.certificate());
    String order = "(expected: first a root more, then the CA below it, then a root less)";
    assertRefused(List.of(second), List.of(next.certificate()), order);
    assertRefused(List.of(second), both, order); // whoever has the old bundle would not believe it
    CaChain _ = ca().accept(List.of(first), both);
    assertRefused(List.of(second), List.of(next.certificate()), order);
    CaChain _ = ca().accept(List.of(second), both);
    CaChain _ = ca().accept(List.of(second), List.of(next.certificate()));

    assertThat(open().bundle().authorities()).containsExactly(next.certificate());
  }

  @Test
  void request_rootOfOurOwn_refused() throws Exception {
    FakeAuthorityStore fresh = new FakeAuthorityStore();
    var _ =
        Authorities.open(
            fresh, custodian, new FakeKeyCustodian(), signer, Fixtures.policy(ISSUING_LIFE), clock);

    assertThatThrownBy(() -> new CaImport(fresh, custodian, policy, clock).request())
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("there is a root of our own");
  }

  @Test
  void open_nothingImportedYet_refusedWithWhatToDo() {
    assertThatThrownBy(this::open)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("authority.root: imported, but no CA was imported yet")
        .hasMessageContaining("signet authority csr");
  }

  @Test
  void open_caAboveExpired_refused() throws Exception {
    ForeignCa shortLived =
        root.below(Shape.named("short-lived").until(NOW.plus(Duration.ofDays(2))));
    X509Certificate signed = shortLived.sign(Shape.named("Signet CA"), key);
    CaChain _ = ca().accept(List.of(signed, shortLived.certificate()), List.of(root.certificate()));

    // ISS-1: nobody believes a leaf that outlives any of those above it.
    Authorities authorities = open();
    clock.advance(Duration.ofHours(36));
    authorities.renew();
    assertThat(authorities.active().authority().notAfter()).isEqualTo(NOW.plus(Duration.ofDays(2)));
    clock.advance(Duration.ofHours(13));
    assertThatThrownBy(this::open)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("\"CN=short-lived\"")
        .hasMessageContaining("expired");
  }

  // KC-2: the custodian is not the one that has the key, or it was lost there.
  @Test
  void request_keyOfTheCaNotThere_refusedAndNoOtherIsMade() throws Exception {
    X509Certificate signed = root.sign(Shape.named("Signet CA"), key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));
    custodian.destroy(custodian.find(key).orElseThrow());
    custodian.failNextGenerate(new CustodyException(Fault.REJECTED, "another key was made"));

    assertThatThrownBy(() -> ca().request())
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("the custodian does not hold the key of \"CN=Signet CA\"");
  }

  // It would be taken for a root of our own from then on, and go into no chain.
  @Test
  void accept_caAmongTheRoots_refused() throws Exception {
    X509Certificate signed = root.sign(Shape.named("Signet CA"), key);

    assertRefused(
        List.of(signed), List.of(signed, root.certificate()), "the CA itself is one of them");
  }

  // The request may be on its way to be signed.
  @Test
  void open_askedForAndNowOwnRoot_refused() {
    policy =
        new AuthorityPolicy(
            DOMAIN,
            KeyAlgorithm.EC_P256,
            Optional.of(Duration.ofDays(9)),
            ISSUING_LIFE,
            false,
            List.of());

    assertThatThrownBy(this::open)
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("was made before, and is not for a root");
  }

  // K8S-53: Istio renews its root with the same key and name.
  @Test
  void accept_rootRenewedWithItsKey_theLongerLifeCounts() throws Exception {
    X509Certificate ending =
        root.sign(
            Shape.named("Enterprise Root").until(NOW.plus(Duration.ofHours(1))),
            root.keys().getPublic());
    X509Certificate signed = root.sign(Shape.named("Signet CA"), key);

    CaChain chain = ca().accept(List.of(signed), List.of(ending, root.certificate()));

    assertThat(chain.roots()).containsExactly(ending, root.certificate());
    assertThat(open().active().authority().notAfter()).isEqualTo(NOW.plus(ISSUING_LIFE));
  }

  @Test
  void takeOver_again_nothingToDo() throws Exception {
    FakeAuthorityStore fresh = new FakeAuthorityStore();
    CaChain first = takeOverRoot(fresh, this::imported);

    assertThat(takeOverRoot(fresh, CaImportTest::unwanted)).isEqualTo(first);
  }

  // K8S-54: a mesh moves without a new root.
  @Test
  void takeOver_rootWithItsKey_signsAndTheRootIsTheSame() throws Exception {
    FakeAuthorityStore fresh = new FakeAuthorityStore();

    CaChain _ = takeOverRoot(fresh, this::imported);

    Authorities authorities =
        Authorities.open(fresh, custodian, new FakeKeyCustodian(), signer, policy, clock);
    assertThat(authorities.bundle().authorities()).containsExactly(root.certificate());
    assertThat(authorities.active().chain()).hasSize(1);
    assertBelieved(leafWith(authorities.active()), root.certificate());
  }

  // KC-7: the key is there, what belongs to it is not remembered.
  @Test
  void takeOver_crashBeforeItIsRemembered_goesOnWithTheKeyThatIsThere() throws Exception {
    FakeAuthorityStore fresh = new FakeAuthorityStore();
    LedgerException full = new LedgerException("disk full");
    fresh.failNextEstablish(full);
    assertThatThrownBy(() -> takeOverRoot(fresh, this::imported)).isSameAs(full);

    CaChain chain = takeOverRoot(fresh, CaImportTest::unwanted);

    assertThat(fresh.ca().orElseThrow().chain()).contains(chain);
  }

  private CaChain takeOverRoot(FakeAuthorityStore into, CaImport.Import imported) throws Exception {
    List<X509Certificate> itself = List.of(root.certificate());
    return new CaImport(into, custodian, policy, clock)
        .takeOver(root.keys().getPublic(), itself, itself, imported);
  }

  private KeyHandle imported(KeyLabel label) throws CustodyException {
    return custodian.importKey(label, root.keys());
  }

  private static KeyHandle unwanted(KeyLabel label) {
    throw new AssertionError("the key is there, and not to be imported as " + label);
  }

  @Test
  void takeOver_anotherCaThanTheOneThatIsThere_refused() throws Exception {
    X509Certificate signed = root.sign(Shape.named("Signet CA"), key);
    CaChain _ = ca().accept(List.of(signed), List.of(root.certificate()));

    assertThatThrownBy(() ->
            ca().takeOver(
                    middle.keys().getPublic(),
                    List.of(middle.certificate()),
                    List.of(root.certificate()),
                    label -> custodian.importKey(label, middle.keys())))
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining("there is a CA already: CN=Signet CA");
  }

  private void assertRefused(
      List<X509Certificate> given, List<X509Certificate> roots, String problem) throws Exception {
    Optional<CaChain> before = store.ca().orElseThrow().chain();

    assertThatThrownBy(() -> ca().accept(given, roots))
        .isInstanceOf(AuthorityException.class)
        .hasMessageContaining(problem);

    assertThat(store.ca().orElseThrow().chain()).isEqualTo(before);
  }

  private List<X509Certificate> leafWith(IssuingAuthority active) throws Exception {
    Instant now = clock.instant();
    X509Certificate leaf =
        signer.issue(
            signer.prepare(
                CertificateProfile.LEAF,
                CertificateProfile.leaf(CART, List.of(), KEY, now, now.plusSeconds(60)),
                active.authority()));
    return Stream.concat(Stream.of(leaf), active.chain().stream()).toList();
  }

  private void assertBelieved(List<X509Certificate> chain, X509Certificate root) throws Exception {
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
    parameters.setRevocationEnabled(false);
    parameters.setDate(Date.from(clock.instant()));
    assertThat(
            CertPathValidator.getInstance("PKIX")
                .validate(
                    CertificateFactory.getInstance("X.509").generateCertPath(chain), parameters))
        .isNotNull();
  }

  private CaImport ca() {
    return new CaImport(store, custodian, policy, clock);
  }

  private Authorities open() throws Exception {
    return Authorities.open(store, custodian, new FakeKeyCustodian(), signer, policy, clock);
  }

  private static AuthorityPolicy policy(boolean direct) {
    return new AuthorityPolicy(
        DOMAIN, KeyAlgorithm.EC_P256, Optional.empty(), ISSUING_LIFE, direct, List.of());
  }
}
