package io.signet.attestation.x509;

import static io.signet.attestation.x509.Certified.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Attestor;
import io.signet.attestation.AttestorContract;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.TestClock;
import io.signet.attestation.x509.Certified.Shape;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ISTIO-44, and what SPIFFE-18 to SPIFFE-32 demand of whoever accepts an SVID. */
final class ClientCertificateAttestorTest extends AttestorContract {

  private static final TrustDomain DOMAIN = new TrustDomain("example.org");
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";
  private static final SpiffeId SERVER = SpiffeId.parse("spiffe://example.org/signet/server");

  // The JDK looks no closer.
  private static final Duration INSTANT = Duration.ofMillis(1);

  private static final Certified ROOT = Certified.root("Root 1");
  private static final Certified ISSUING = ROOT.authority("Issuing 1");
  private static final Certified WORKLOAD = ISSUING.workload(CART);
  private static final Certified FOREIGN_ROOT = Certified.root("Root of others");

  private final TestClock clock = new TestClock(NOW);
  private TrustBundle bundle = bundle(1, ROOT);
  private Distrust distrust = Distrust.NONE;
  private final ClientCertificateAttestor attestor =
      new ClientCertificateAttestor(() -> bundle, SERVER, path -> distrust.of(path), clock);

  @Override
  protected Attestor attestor() {
    return attestor;
  }

  @Override
  protected Evidence good() {
    return WORKLOAD.shown();
  }

  @Override
  protected SpiffeId identity() {
    return SpiffeId.parse(CART);
  }

  @Override
  protected Evidence garbage(Random random) {
    List<X509Certificate> chain =
        new ArrayList<>(
            List.of(
                ISSUING.certificate(),
                ROOT.certificate(),
                FOREIGN_ROOT.certificate(),
                FOREIGN_ROOT.workload(CART).certificate()));
    Collections.shuffle(chain, random);
    return new ClientCertificate(chain.subList(0, 1 + random.nextInt(chain.size())));
  }

  // ISTIO-92, ISTIO-94: with a client certificate.
  @Test
  void attest_svidOfOurs_itsIdentityUntilItExpires() {
    var serial = SerialNumber.of(WORKLOAD.certificate());
    var proof = new HeldSvid(identity(), Optional.of(NOW.plus(Duration.ofHours(1))), serial);

    assertThat(attestor.attest(good())).isEqualTo(new Proven(proof));
    // K8S-48: two pods of one account have two certificates, and shall not share a key on SDS.
    assertThat(proof.instance()).isEqualTo(serial.toString());
  }

  // Also on a connection that stays open: what was found of the certificate before is not enough.
  @Test
  void attest_revokedMeanwhile_refusedFromThenOn() {
    assertProven(good());
    distrust = refusing(WORKLOAD);

    assertThat(attestor.attest(good()))
        .isEqualTo(Attestation.invalid("certificate: certificate of " + CART + " is revoked"));
    assertProven(ISSUING.workload(CART).shown());
  }

  @Test
  void attest_authorityRevoked_refused() {
    distrust = refusing(ISSUING);

    assertThat(attestor.attest(good())).isInstanceOf(Unproven.class);
    assertProven(ROOT.workload(CART).shown());
  }

  // An agent shows all that it was given, also a root that is over: that says nothing of its own.
  @Test
  void attest_revokedCertificateAfterThePath_proven() {
    distrust = refusing(FOREIGN_ROOT);

    assertProven(
        new ClientCertificate(
            List.of(
                WORKLOAD.certificate(),
                ISSUING.certificate(),
                ROOT.certificate(),
                FOREIGN_ROOT.certificate())));
  }

  @Test
  void distrust_ofBoth_eitherRefuses() {
    distrust = Distrust.NONE.or(refusing(ISSUING)).or(Distrust.NONE);

    assertThat(attestor.attest(good())).isInstanceOf(Unproven.class);
  }

  private static Distrust refusing(Certified one) {
    return path ->
        path.contains(one.certificate())
            ? Optional.of("certificate of " + CART + " is revoked")
            : Optional.empty();
  }

  // As it stands in the ledger and the audit.
  @Test
  void evidence_toString_serialAsEverywhere() {
    assertThat(good())
        .hasToString("ClientCertificate[serial " + SerialNumber.of(WORKLOAD.certificate()) + "]");
  }

  @Test
  void attest_signedByTheRootItself_proven() {
    assertProven(ROOT.workload(CART).shown());
  }

  // ISTIO-44: istiod goes on to accept it while the connection lasts.
  @Test
  void attest_expiresOnOpenConnection_invalidFromThen() {
    Evidence connection = good();
    assertProven(connection);

    clock.advance(Duration.ofHours(1));
    assertProven(connection);

    clock.advance(INSTANT);
    assertInvalid(connection, "expired at 2026-11-23T13:00:00Z (expected: valid at 2026-11-23T13:");
  }

  @Test
  void attest_notYetValid_invalid() {
    assertInvalid(
        ISSUING.sign(Shape.workload(CART).from(NOW.plusSeconds(1))).shown(),
        "validity check failed: NotBefore: ");
  }

  @Test
  void attest_clockGoesBackBeforeItsBegin_invalidThen() {
    Evidence connection = good();
    assertProven(connection);

    clock.advance(Duration.ofMinutes(-3));
    assertInvalid(connection, "no authority that is valid at 2026-11-23T11:57:00Z");
  }

  @Test
  void attest_authorityExpiresBeforeTheLeaf_invalidFromThen() {
    Instant end = NOW.plus(Duration.ofMinutes(10));
    Certified issuing = ROOT.sign(Shape.authority("Issuing of short life").until(end));
    Evidence connection = issuing.workload(CART).shown();
    assertProven(connection);

    clock.advance(Duration.ofMinutes(10).plus(INSTANT));
    assertInvalid(connection, "validity check failed: NotAfter: ");
  }

  @Test
  void attest_rootExpiresBeforeTheLeaf_invalidFromThen() {
    Instant end = NOW.plus(Duration.ofMinutes(10));
    Certified root = Certified.root(Shape.authority("Root of short life").until(end));
    bundle = bundle(2, root, ROOT);
    Evidence connection = root.workload(CART).shown();
    assertProven(connection);

    clock.advance(Duration.ofMinutes(10).plus(INSTANT));
    assertInvalid(connection, "");
  }

  // "the current bundle": who loses our trust loses it on open connections too.
  @Test
  void attest_rootLeavesTheBundle_invalidFromThen() {
    Evidence connection = good();
    assertProven(connection);

    bundle = bundle(2, Certified.root("Root 2"));
    assertInvalid(connection, "signed by \"CN=Root 1\" (expected: by us)");
  }

  // ISTIO-91: root rotation; what the old root signed goes on.
  @Test
  void attest_rootComesIntoTheBundle_oldAndNewProven() {
    Evidence connection = good();
    assertProven(connection);

    Certified second = Certified.root("Root 2");
    bundle = bundle(2, ROOT, second);
    assertProven(connection);
    assertProven(second.authority("Issuing 2").workload(CART).shown());
  }

  // ISTIO-21: the agent's file ends in the roots, and of these one may be trusted no more.
  @Test
  void attest_rootsShownToo_proven() {
    X509Certificate former = Certified.root("Root 0").certificate();
    assertProven(WORKLOAD.shown(ROOT.certificate()));
    assertProven(WORKLOAD.shown(ROOT.certificate(), former));
    assertProven(WORKLOAD.shown(former, ROOT.certificate()));
  }

  // ISTIO-95: three levels, with the chain and without.
  @Test
  void attest_twoAuthoritiesBetween_provenIfBothAreShown() {
    Certified workload = ISSUING.authority("Issuing 1.1").workload(CART);
    List<X509Certificate> chain = workload.chain();

    assertInvalid(new ClientCertificate(chain.subList(0, 2)), "signed by \"CN=Issuing 1\"");
    assertInvalid(new ClientCertificate(List.of(chain.getFirst(), chain.getLast())), "");
    assertProven(workload.shown());
  }

  @Test
  void attest_intermediateNotShown_invalid() {
    assertInvalid(
        new ClientCertificate(List.of(WORKLOAD.certificate())), "signed by \"CN=Issuing 1\"");
  }

  // ISTIO-94: no verified chain. To verify it is not the handshake's task here, but ours.
  @Test
  void attest_chainOfOthers_invalid() {
    assertInvalid(
        FOREIGN_ROOT.authority("Issuing 1").workload(CART).shown(FOREIGN_ROOT.certificate()),
        "signed by \"CN=Root of others\" (expected: by us)");
  }

  @Test
  void attest_namesOfOursAndKeysOfOthers_invalid() {
    Certified namesake = Certified.root("Root 1");
    assertInvalid(namesake.workload(CART).shown(), "signature check failed");
    assertInvalid(namesake.authority("Issuing 1").workload(CART).shown(), "signature check failed");
    // Our authority between a leaf that it did not sign and our root.
    assertInvalid(
        new ClientCertificate(
            List.of(
                namesake.authority("Issuing 1").workload(CART).certificate(),
                ISSUING.certificate())),
        "signature check failed");
  }

  // ISTIO-94: no handshake shows that, and if one did it would prove nobody.
  @Test
  void attest_emptyChain_invalid() {
    assertInvalid(new ClientCertificate(List.of()), "");
  }

  @Test
  void attest_manyCertificates_invalidUnread() {
    var many = Collections.nCopies(9, WORKLOAD.certificate());
    assertInvalid(new ClientCertificate(many), "9 certificates (expected: at most 8)");
  }

  @ParameterizedTest
  @MethodSource("noSvids")
  void attest_signedByUsButNoSvid_invalid(Shape shape, String detail) {
    assertInvalid(ISSUING.sign(shape).shown(), detail);
  }

  static Stream<Arguments> noSvids() {
    Shape good = Shape.workload(CART);
    return Stream.of(
        Arguments.of(Shape.workload().withSubject(CART), "0 URI SANs"), // ISTIO-92, ISTIO-94
        Arguments.of(Shape.workload(CART, CART + "2"), "2 URI SANs"), // SPIFFE-18
        Arguments.of(
            good.withName(new GeneralName(GeneralName.dNSName, "istiod.istio-system.svc")),
            "0 URI SANs"),
        Arguments.of(Shape.workload("https://example.org/ns/shop"), "scheme"), // SPIFFE-32
        Arguments.of(Shape.workload("spiffe://example.org"), "expected: a path"), // SPIFFE-19
        Arguments.of(Shape.workload("spiffe://example.org/a/../b"), "relative"), // SPIFFE-8
        Arguments.of(Shape.workload("spiffe://elsewhere/a"), "bundle of example.org"), // SPIFFE-55
        Arguments.of(good.withCa(), "leaf with cA=true"), // SPIFFE-29
        Arguments.of(
            good.withUsage(KeyUsage.digitalSignature | KeyUsage.keyCertSign), "keyCertSign"),
        Arguments.of(good.withUsage(KeyUsage.digitalSignature | KeyUsage.cRLSign), "cRLSign"),
        Arguments.of(good.withUsage(KeyUsage.keyAgreement), "without digitalSignature"),
        Arguments.of(good.withPurposes(KeyPurposeId.id_kp_serverAuth), "extended key usage"),
        Arguments.of(
            Shape.workload(SERVER.toString()),
            SERVER + ", the server itself (expected: a workload)"));
  }

  // SPIFFE-23: what signs never authenticates.
  @Test
  void attest_authorityAsCaller_invalid() {
    assertInvalid(ISSUING.shown(), "X509-SVID");
    assertInvalid(ROOT.shown(), "X509-SVID");
  }

  @Test
  void attest_signedByAWorkload_invalid() {
    Certified workload = ISSUING.sign(Shape.workload(CART).withSubject("a workload"));
    assertInvalid(workload.workload("spiffe://example.org/ns/shop/sa/admin").shown(), "no CA");
  }

  private void assertProven(Evidence evidence) {
    assertThat(attestor.attest(evidence))
        .asInstanceOf(type(Proven.class))
        .extracting(proven -> proven.proof().id())
        .isEqualTo(identity());
  }

  private void assertInvalid(Evidence evidence, String detail) {
    assertThat(attestor.attest(evidence))
        .asInstanceOf(type(Unproven.class))
        .extracting(Unproven::refusal)
        .asInstanceOf(type(Invalid.class))
        .satisfies(refusal -> assertThat(refusal.detail()).contains(detail));
  }

  private static TrustBundle bundle(long sequence, Certified... roots) {
    return new TrustBundle(
        DOMAIN, sequence, Stream.of(roots).map(Certified::certificate).toList(), Optional.empty());
  }
}
