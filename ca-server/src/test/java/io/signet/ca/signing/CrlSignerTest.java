package io.signet.ca.signing;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CrlTemplate;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.Crls;
import io.signet.ca.x509.KeyIds;
import io.signet.ca.x509.Openssl;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** CRLs as RFC 5280, section 5, has them, and as others read them. */
final class CrlSignerTest {

  private static final Instant END = NOW.plus(Duration.ofDays(7));
  private static final Instant BEFORE = NOW.minusSeconds(60);

  @TempDir private Path folder;
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final CertificateSigner signer =
      new CertificateSigner(new FakeLedger(), Fixtures.serials(), new TestClock());

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void sign_eachAlgorithm_saysWhatItShall(KeyAlgorithm algorithm) throws Exception {
    Authority root = Fixtures.root(signer, custodian, algorithm);

    X509CRL crl =
        CrlSigner.sign(
            root,
            42,
            NOW,
            END,
            List.of(
                entry(7, RevocationReason.KEY_COMPROMISE), entry(8, RevocationReason.UNSPECIFIED)));

    assertThat(crl.getVersion()).isEqualTo(2);
    assertThat(crl.getIssuerX500Principal())
        .isEqualTo(root.certificate().getSubjectX500Principal());
    assertThat(Crls.number(crl)).contains(42L);
    assertThat(Crls.authorityKeyId(crl)).hasValue(KeyIds.of(root.certificate()));
    assertThat(crl.getThisUpdate()).isEqualTo(Date.from(NOW));
    assertThat(crl.getNextUpdate()).isEqualTo(Date.from(END));
    assertThat(crl.getRevokedCertificate(BigInteger.valueOf(7)).getRevocationReason())
        .isEqualTo(java.security.cert.CRLReason.KEY_COMPROMISE);
    // RFC 5280, 5.3.1: the extension should be absent instead.
    assertThat(crl.getRevokedCertificate(BigInteger.valueOf(8)).hasExtensions()).isFalse();
    assertThat(crl.getRevokedCertificate(BigInteger.valueOf(9))).isNull();
    crl.verify(root.certificate().getPublicKey());
  }

  // RFC 5280, 5.1.2.6: when nothing is revoked the list must be absent.
  @Test
  void sign_nothingRevoked_noList() throws Exception {
    X509CRL crl = CrlSigner.sign(root(), 1, NOW, END, List.of());

    assertThat(crl.getRevokedCertificates()).isNull();
  }

  @ParameterizedTest
  @EnumSource(RevocationReason.class)
  void sign_eachReason_readBack(RevocationReason reason) throws Exception {
    X509CRL crl = CrlSigner.sign(root(), 1, NOW, END, List.of(entry(5, reason)));

    assertThat(openssl(crl)).contains("Serial Number: 05");
    if (reason != RevocationReason.UNSPECIFIED) {
      assertThat(crl.getRevokedCertificate(BigInteger.valueOf(5)).getRevocationReason())
          .hasToString(reason.name());
    }
  }

  // DIFF-1
  @Test
  void sign_manyEntries_opensslReadsAll() throws Exception {
    List<Entry> entries =
        IntStream.rangeClosed(1, 300)
            .mapToObj(serial -> entry(serial, RevocationReason.SUPERSEDED))
            .toList();

    String text = openssl(CrlSigner.sign(root(), 9, NOW, END, entries));

    assertThat(text)
        .contains("Version 2 (0x1)", "X509v3 CRL Number", "X509v3 Authority Key Identifier")
        .containsPattern("CRL Number: *\\R *9\\R");
    assertThat(text.split("Serial Number: ", -1)).hasSize(301);
    assertThat(text.split("Superseded", -1)).hasSize(301);
  }

  // FLD-4: with a CRL of each CA, what is not revoked is accepted and what is is not.
  @Test
  void path_oneOfTwoRevoked_opensslAndTheJdkRefuseThatOne() throws Exception {
    Authority root = root();
    Authority issuing = Fixtures.issuing(signer, custodian, root);
    X509Certificate good = leaf(issuing);
    X509Certificate bad = leaf(issuing);
    List<X509CRL> crls =
        List.of(
            CrlSigner.sign(root, 1, BEFORE, END, List.of()),
            CrlSigner.sign(
                issuing,
                2,
                BEFORE,
                END,
                List.of(new Entry(SerialNumber.of(bad), NOW, RevocationReason.KEY_COMPROMISE))));

    assertThat(opensslVerify(root, issuing, good, crls)).contains("OK");
    assertThat(opensslVerify(root, issuing, bad, crls)).contains("certificate revoked");
    validate(root, issuing, good, crls);
    assertThatThrownBy(() -> validate(root, issuing, bad, crls))
        .isInstanceOfSatisfying(
            CertPathValidatorException.class,
            e -> assertThat(e.getReason()).isEqualTo(BasicReason.REVOKED));
  }

  // How a leaf of a replica that is gone is revoked.
  @Test
  void path_authorityRevoked_refusedByBoth() throws Exception {
    Authority root = root();
    Authority issuing = Fixtures.issuing(signer, custodian, root);
    X509Certificate leaf = leaf(issuing);
    Entry authority =
        new Entry(SerialNumber.of(issuing.certificate()), NOW, RevocationReason.CA_COMPROMISE);
    List<X509CRL> crls =
        List.of(
            CrlSigner.sign(root, 2, BEFORE, END, List.of(authority)),
            CrlSigner.sign(issuing, 1, BEFORE, END, List.of()));

    assertThat(opensslVerify(root, issuing, leaf, crls)).contains("certificate revoked");
    assertThatThrownBy(() -> validate(root, issuing, leaf, crls))
        .isInstanceOf(CertPathValidatorException.class);
  }

  @Test
  void sign_custodianFails_nothingReleased() throws Exception {
    Authority root = root();
    custodian.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertThatThrownBy(() -> CrlSigner.sign(root, 1, NOW, END, List.of()))
        .isInstanceOf(CustodyException.class)
        .hasMessage("token removed");
  }

  // KC-1
  @Test
  void sign_signatureWrong_refusedAndKeyOutOfUse() throws Exception {
    Authority root = root();
    custodian.corruptNextSignature();

    assertThatThrownBy(() -> CrlSigner.sign(root, 1, NOW, END, List.of()))
        .isInstanceOf(CustodyException.class);

    assertThat(root.inUse()).isFalse();
  }

  // ISS-6, ISS-7: what was signed is held against what was to be signed.
  @Test
  void findings_anotherThanAsked_eachNamed() throws Exception {
    Authority root = root();
    Authority other = Fixtures.root(signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256);
    X509CRL crl = CrlSigner.sign(root, 1, NOW, END, List.of(entry(7, RevocationReason.SUPERSEDED)));
    CrlTemplate asked =
        new CrlTemplate(
            other.certificate(),
            2,
            NOW,
            END.plusSeconds(1),
            List.of(entry(7, RevocationReason.KEY_COMPROMISE)));

    assertThat(CrlSigner.findings(asked, crl))
        .containsExactly(
            "issuer \"%s\"".formatted(root.certificate().getSubjectX500Principal()),
            "authority key identifier is not the issuer's",
            "number Optional[1]",
            "from %s to %s".formatted(Date.from(NOW), Date.from(END)),
            "entries are not those asked for",
            "signature does not verify");
  }

  @Test
  void template_wrong_refusedNamingWhatIs() throws Exception {
    X509Certificate root = root().certificate();
    Entry once = entry(7, RevocationReason.SUPERSEDED);

    assertThatThrownBy(() -> new CrlTemplate(root, 0, NOW, END, List.of()))
        .hasMessage("CRL number 0 (expected: 1 or more)");
    assertThatThrownBy(() -> new CrlTemplate(root, 1, END, END, List.of()))
        .hasMessageContaining("(expected: an end after its beginning)");
    assertThatThrownBy(() -> new CrlTemplate(root, 1, NOW, END, List.of(once, once)))
        .hasMessage("serial number 07 twice in a CRL (expected: once)");
  }

  private Authority root() throws Exception {
    return Fixtures.root(signer, custodian, KeyAlgorithm.EC_P256);
  }

  private X509Certificate leaf(Authority issuing) throws Exception {
    return signer.issue(
        signer.prepare(
            CertificateProfile.LEAF,
            CertificateProfile.leaf(CART, List.of(), KEY, NOW, NOW.plusSeconds(3600)),
            issuing));
  }

  private static Entry entry(int serial, RevocationReason reason) {
    return new Entry(new SerialNumber(BigInteger.valueOf(serial)), NOW, reason);
  }

  private String openssl(X509CRL crl) throws Exception {
    return Openssl.run(folder, crl.getEncoded(), "crl", "-inform", "DER", "-noout", "-text");
  }

  private String opensslVerify(
      Authority root, Authority issuing, X509Certificate leaf, List<X509CRL> crls)
      throws Exception {
    Files.writeString(folder.resolve("root.pem"), Pem.encode(List.of(root.certificate())));
    Files.writeString(folder.resolve("issuing.pem"), Pem.encode(List.of(issuing.certificate())));
    Files.writeString(folder.resolve("leaf.pem"), Pem.encode(List.of(leaf)));
    StringBuilder all = new StringBuilder();
    for (X509CRL crl : crls) {
      all.append(Pem.encode("X509 CRL", crl.getEncoded()));
    }
    Files.writeString(folder.resolve("crls.pem"), all);
    return Openssl.run(
        folder,
        new byte[0],
        "verify",
        "-crl_check_all",
        "-attime",
        Long.toString(NOW.getEpochSecond()),
        "-CAfile",
        "root.pem",
        "-untrusted",
        "issuing.pem",
        "-CRLfile",
        "crls.pem",
        "leaf.pem");
  }

  private static void validate(
      Authority root, Authority issuing, X509Certificate leaf, List<X509CRL> crls)
      throws Exception {
    PKIXParameters parameters =
        new PKIXParameters(Set.of(new TrustAnchor(root.certificate(), null)));
    // The JDK takes what is revoked in this very moment for good.
    parameters.setDate(Date.from(NOW.plusSeconds(1)));
    parameters.setRevocationEnabled(true);
    parameters.addCertStore(
        CertStore.getInstance(
            "Collection", new CollectionCertStoreParameters(new ArrayList<>(crls))));
    var path =
        CertificateFactory.getInstance("X.509")
            .generateCertPath(List.of(leaf, issuing.certificate()));
    var _ = CertPathValidator.getInstance("PKIX").validate(path, parameters);
  }
}
