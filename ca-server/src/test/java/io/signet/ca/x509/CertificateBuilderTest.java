package io.signet.ca.x509;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.ExportableKey;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The exact profile of each certificate, as three parsers see it (PROF-1 to PROF-5, DIFF-1). */
final class CertificateBuilderTest {

  private static final String KEY_USAGE = "2.5.29.15";
  private static final String ALT_NAMES = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final List<String> HOSTS = List.of("ca.example.org", "10.0.0.1", "2001:db8::1");

  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final CertificateSigner signer =
      new CertificateSigner(new FakeLedger(), Fixtures.serials(), new TestClock());

  // PROF-1, PROF-2, PROF-3, SPIFFE-18, SPIFFE-19, SPIFFE-20, SPIFFE-24, SPIFFE-25. ISTIO-95: an EC
  // workload; of istiod it gets keyEncipherment too, against RFC 8813.
  @Test
  void leaf_ecKey_exactProfile() throws Exception {
    X509Certificate leaf = leaf(issuing(KeyAlgorithm.EC_P256), KEY, List.of());

    assertThat(leaf.getVersion()).isEqualTo(3);
    assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
    assertThat(leaf.getSubjectAlternativeNames())
        .singleElement()
        .isEqualTo(List.of(6, CART.toString()));
    assertThat(leaf.getCriticalExtensionOIDs())
        .isEqualTo(Set.of(KEY_USAGE, BASIC_CONSTRAINTS, ALT_NAMES));
    assertThat(leaf.getNonCriticalExtensionOIDs())
        .isEqualTo(Set.of("2.5.29.14", "2.5.29.35", "2.5.29.37"));
    assertThat(leaf.getExtensionValue("2.5.29.14")).endsWith(KeyIds.of(KEY));
    assertThat(leaf.getKeyUsage()).isEqualTo(usage(0));
    assertThat(leaf.getExtendedKeyUsage())
        .containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
    assertThat(leaf.getNotBefore().toInstant()).isEqualTo(NOW.minusSeconds(120));
    assertThat(leaf.getNotAfter().toInstant()).isEqualTo(NOW.plusSeconds(3600));
    assertThat(leaf.getPublicKey()).isEqualTo(KEY);
  }

  // PROF-2: keyEncipherment only where the key can. ISTIO-95: an RSA workload.
  @Test
  void leaf_rsaKey_hasKeyEncipherment() throws Exception {
    PublicKey rsa = ExportableKey.generate(KeyAlgorithm.RSA_2048).publicKey();

    assertThat(leaf(issuing(KeyAlgorithm.EC_P256), rsa, List.of()).getKeyUsage())
        .isEqualTo(usage(0, 2));
  }

  @Test
  void leaf_hosts_dnsAndAddressesAfterTheId() throws Exception {
    X509Certificate leaf = leaf(issuing(KeyAlgorithm.EC_P256), KEY, HOSTS);

    assertThat(leaf.getSubjectAlternativeNames())
        .containsExactly(
            List.of(6, CART.toString()),
            List.of(2, "ca.example.org"),
            List.of(7, "10.0.0.1"),
            List.of(7, "2001:db8:0:0:0:0:0:1"));
  }

  // PROF-5, SPIFFE-21, SPIFFE-22
  @Test
  void issuing_exactProfile() throws Exception {
    X509Certificate issuing = issuing(KeyAlgorithm.EC_P256).certificate();

    assertAuthority(issuing);
    assertThat(issuing.getBasicConstraints()).isZero();
    assertThat(issuing.getSubjectX500Principal().getName())
        .matches("CN=Issuing [0-9a-f]{12},O=Signet");
  }

  @Test
  void root_exactProfile() throws Exception {
    X509Certificate root = Fixtures.root(signer, custodian, KeyAlgorithm.EC_P384).certificate();

    assertAuthority(root);
    root.verify(root.getPublicKey());
    assertThat(root.getIssuerX500Principal()).isEqualTo(root.getSubjectX500Principal());
    assertThat(root.getBasicConstraints()).isEqualTo(Integer.MAX_VALUE);
    assertThat(root.getSubjectX500Principal().getName()).matches("CN=Root [0-9a-f]{12},O=Signet");
  }

  private static void assertAuthority(X509Certificate authority) throws Exception {
    assertThat(authority.getKeyUsage()).isEqualTo(usage(5, 6));
    assertThat(authority.getExtendedKeyUsage()).isNull();
    assertThat(authority.getSubjectAlternativeNames())
        .singleElement()
        .isEqualTo(List.of(6, "spiffe://example.org"));
    assertThat(authority.getCriticalExtensionOIDs())
        .isEqualTo(Set.of(KEY_USAGE, BASIC_CONSTRAINTS));
    assertThat(authority.getNonCriticalExtensionOIDs())
        .isEqualTo(Set.of("2.5.29.14", "2.5.29.35", ALT_NAMES));
    assertThat(authority.getExtensionValue("2.5.29.14"))
        .endsWith(KeyIds.of(authority.getPublicKey()));
  }

  private static boolean[] usage(int... bits) {
    boolean[] usage = new boolean[9];
    for (int bit : bits) {
      usage[bit] = true;
    }
    return usage;
  }

  // SPIFFE-28: what we issue, a verifier accepts, for every kind of issuer's key. ISTIO-95: also
  // with host names, as istiod makes its own certificate.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"EC_P256", "EC_P384", "RSA_2048"})
  void chain_eachAlgorithm_verifies(KeyAlgorithm algorithm, @TempDir Path directory)
      throws Exception {
    Authority root = Fixtures.root(signer, custodian, algorithm);
    Authority issuing = Fixtures.issuing(signer, custodian, root);
    X509Certificate leaf = leaf(issuing, KEY, HOSTS);

    X509Svid.of(List.of(leaf, issuing.certificate()))
        .verify(new TrustBundle(DOMAIN, 1, List.of(root.certificate()), Optional.empty()), NOW);
    assertThat(opensslVerifies(directory, root.certificate(), issuing.certificate(), leaf))
        .contains("leaf.pem: OK");
  }

  // RFC 5280, 4.1.2.5: from 2050 on a date is a GeneralizedTime.
  @ParameterizedTest
  @CsvSource({
    "ISTIO-95: an arbitrary date,         2027-02-03T04:05:06Z, Feb  3 04:05:06 2027 GMT",
    "ISTIO-95: more than 32 bits hold,    2038-01-19T03:14:08Z, Jan 19 03:14:08 2038 GMT",
    "the last UTCTime,                    2049-12-31T23:59:59Z, Dec 31 23:59:59 2049 GMT",
    "the first GeneralizedTime,           2050-01-01T00:00:00Z, Jan  1 00:00:00 2050 GMT",
    "a GeneralizedTime,                   2061-02-03T04:05:06Z, Feb  3 04:05:06 2061 GMT",
    "ISTIO-95: the last GeneralizedTime,  9999-12-31T23:59:59Z, Dec 31 23:59:59 9999 GMT"
  })
  void root_end_sameDateForEveryParser(String name, Instant end, String text) throws Exception {
    var key = custodian.generate(new KeyLabel("long"), KeyAlgorithm.EC_P256);
    X509Certificate root =
        signer.issue(
            signer.prepareRoot(CertificateProfile.root(DOMAIN, key.publicKey(), NOW, end), key));

    assertThat(root.getNotAfter().toInstant()).isEqualTo(end);
    assertThat(new X509CertificateHolder(root.getEncoded()).getNotAfter().toInstant())
        .isEqualTo(end);
    assertThat(openssl(root, "-noout", "-enddate")).contains(text);
  }

  // DIFF-1
  @Test
  void leaf_readByOthers_saysTheSame() throws Exception {
    X509Certificate leaf = leaf(issuing(KeyAlgorithm.EC_P256), KEY, HOSTS);
    X509CertificateHolder bc = new X509CertificateHolder(leaf.getEncoded());
    String text = openssl(leaf, "-noout", "-text");

    assertThat(bc.getSerialNumber()).isEqualTo(leaf.getSerialNumber());
    assertThat(bc.getSubject()).isEqualTo(new X500Name(""));
    assertThat(bc.getNotBefore()).isEqualTo(leaf.getNotBefore());
    assertThat(text.lines().map(String::strip))
        .contains(
            "X509v3 Key Usage: critical",
            "Digital Signature",
            "X509v3 Basic Constraints: critical",
            "CA:FALSE",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "X509v3 Subject Alternative Name: critical",
            "URI:%s, DNS:ca.example.org, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1"
                .formatted(CART));
  }

  // A year of the Buddhist calendar or digits of another script must not reach a certificate.
  @Test
  void tbs_machineInAnotherLocale_sameBytes() {
    Locale before = Locale.getDefault();
    CertificateTemplate template =
        CertificateProfile.root(DOMAIN, KEY, NOW, Instant.parse("2061-02-03T04:05:06Z"));
    SerialNumber serial = new SerialNumber(BigInteger.ONE);
    byte[] usual = CertificateBuilder.selfSignedTbs(template, serial, KeyAlgorithm.EC_P256);
    try {
      for (String tag : List.of("th-TH-u-ca-buddhist", "ar-EG-u-nu-arab", "ja-JP-u-ca-japanese")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertThat(CertificateBuilder.selfSignedTbs(template, serial, KeyAlgorithm.EC_P256))
            .as(tag)
            .isEqualTo(usual);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  private Authority issuing(KeyAlgorithm algorithm) throws Exception {
    return Fixtures.issuing(signer, custodian, Fixtures.root(signer, custodian, algorithm));
  }

  private X509Certificate leaf(Authority by, PublicKey key, List<String> hosts) throws Exception {
    CertificateTemplate template =
        CertificateProfile.leaf(CART, hosts, key, NOW, NOW.plusSeconds(3600));
    return signer.issue(signer.prepare(CertificateProfile.LEAF, template, by));
  }

  private static String opensslVerifies(
      Path directory, X509Certificate root, X509Certificate issuing, X509Certificate leaf)
      throws Exception {
    Files.writeString(directory.resolve("root.pem"), Pem.encode(List.of(root)));
    Files.writeString(directory.resolve("issuing.pem"), Pem.encode(List.of(issuing)));
    Files.writeString(directory.resolve("leaf.pem"), Pem.encode(List.of(leaf)));
    return Openssl.run(
        directory,
        new byte[0],
        ("verify -x509_strict -attime %d -purpose sslserver -CAfile root.pem -untrusted issuing.pem"
                + " leaf.pem")
            .formatted(NOW.getEpochSecond())
            .split(" "));
  }

  private static String openssl(X509Certificate certificate, String... options) throws Exception {
    String[] command = new String[options.length + 1];
    command[0] = "x509";
    System.arraycopy(options, 0, command, 1, options.length);
    return Openssl.run(
        Path.of("."),
        Pem.encode(List.of(certificate)).getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        command);
  }
}
