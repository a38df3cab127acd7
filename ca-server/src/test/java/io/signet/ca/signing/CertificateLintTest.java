package io.signet.ca.signing;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.KeyUsage;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.soft.ExportableKey;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each rule is seen to fire (ISS-3, LINT-1), by itself on bytes that are otherwise good. */
final class CertificateLintTest {

  private static final List<String> HOSTS = List.of("ca.example.org", "10.0.0.1", "2001:db8::1");

  private static final String[] BOTH = {"critical extensions", "extensions that are not critical"};

  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final CertificateSigner signer =
      new CertificateSigner(new FakeLedger(), Fixtures.serials(), new TestClock());
  private Authority root;
  private Authority issuing;
  private Draft leaf;
  private Draft authority;

  @BeforeEach
  void prepare() throws Exception {
    root = Fixtures.root(signer, custodian, KeyAlgorithm.EC_P256);
    issuing = Fixtures.issuing(signer, custodian, root);
    leaf =
        signer.prepare(
            CertificateProfile.LEAF,
            CertificateProfile.leaf(CART, HOSTS, KEY, NOW, NOW.plusSeconds(3600)),
            issuing);
    authority =
        signer.prepare(
            CertificateProfile.ISSUING,
            CertificateProfile.issuing(DOMAIN, KEY, NOW, NOW.plusSeconds(3600)),
            root);
  }

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  void findings_goodDrafts_none(KeyAlgorithm algorithm) throws Exception {
    FakeKeyCustodian keys = new FakeKeyCustodian();
    Authority by = Fixtures.issuing(signer, keys, Fixtures.root(signer, keys, algorithm));
    var key = ExportableKey.generate(algorithm).publicKey();
    var template = CertificateProfile.leaf(CART, HOSTS, key, NOW, NOW.plusSeconds(60));

    Draft draft = signer.prepare(CertificateProfile.LEAF, template, by);

    assertThat(CertificateLint.findings(draft)).isEmpty();
  }

  // What the crafting itself changes is nothing, or no test below would prove a thing.
  @Test
  void findings_craftedWithoutChange_none() {
    assertThat(CertificateLint.findings(with(leaf, new Crafted(leaf)))).isEmpty();
    assertThat(CertificateLint.findings(with(authority, new Crafted(authority)))).isEmpty();
  }

  // CSR-10: a backstop for the size.
  @Test
  void encoding_wrong_found() {
    assertOnly(leaf().plus(longExtension()), "longer than 8192 bytes", "not critical");
    assertOnly(leaf().version(0), "cannot be read");
    assertThat(CertificateLint.findings(with(authority, authority().version(1))))
        .contains("version 2");
    assertOnly(leaf().algorithm(X9ObjectIdentifiers.ecdsa_with_SHA384), "cannot be read");
    assertOnly(leaf().withUniqueId(), "unique identifiers");
    assertThat(CertificateLint.findings(withBytes(leaf, nonMinimal(leaf.tbs()))))
        .containsExactly("not DER");
    assertThat(CertificateLint.findings(withBytes(leaf, new byte[] {0x30, 0})))
        .singleElement()
        .asString()
        .startsWith("cannot be read");
  }

  // e_serial_number_longer_than_20_octets, SER-1
  @Test
  void serial_wrong_found() {
    assertOnly(
        leaf().serial(leaf.serial().value().add(BigInteger.ONE)), "serial number is another");
    for (BigInteger wrong :
        List.of(BigInteger.ZERO, BigInteger.ONE.negate(), BigInteger.TWO.pow(160))) {
      assertOnly(leaf().serial(wrong), "serial number is another", "not of 1 to 20 octets");
    }
  }

  // ISS-7
  @Test
  void issuer_wrong_found() {
    assertOnly(leaf().issuer("CN=somebody else"), "issuer is not the subject");
    assertOnly(leaf().issuer(reordered(issuing.certificate())), "issuer is not the subject");
    assertThat(lint(CertificateProfile.LEAF, leaf.template(), root, leaf))
        .contains("issuer is not the subject of the issuer's certificate");
  }

  // Path length 0: an issuing authority signs no other. ISTIO-95: an issuer that may not sign.
  @Test
  void issuer_mayNotSign_found() throws Exception {
    assertThat(prepareFindings(CertificateProfile.ISSUING, authority.template(), issuing))
        .contains("the issuer may not sign this");
  }

  // e_ext_key_usage_cert_sign_without_ca, of the issuer
  @Test
  void issuer_withoutKeyCertSign_found() throws Exception {
    assertOnly(under(Extension.keyUsage, new DERBitString(new byte[] {2}, 1)), "may not sign this");
    assertOnly(under(Extension.keyUsage), "may not sign this");
  }

  // ISS-7: a path is built by what the issuer calls itself, which may be another's choice.
  @Test
  void issuer_ownKeyIdIsAnotherThanTheLeafSays_found() throws Exception {
    assertOnly(
        under(Extension.subjectKeyIdentifier, new SubjectKeyIdentifier(new byte[20])),
        "authority key identifier");
    assertOnly(
        under(Extension.subjectKeyIdentifier, new SubjectKeyIdentifier(new byte[70])),
        "the issuer's own key identifier",
        "authority key identifier");
    assertThat(under(Extension.subjectKeyIdentifier)).isEmpty();
  }

  private List<String> under(ASN1ObjectIdentifier oid, ASN1Encodable... value) throws Exception {
    Draft good =
        signer.prepare(
            CertificateProfile.ISSUING,
            CertificateProfile.issuing(DOMAIN, issuing.key().publicKey(), NOW, issuing.notAfter()),
            root);
    Crafted other = new Crafted(good).without(oid);
    for (ASN1Encodable each : value) {
      other = other.plus(oid, oid.equals(Extension.keyUsage), each);
    }
    X509Certificate issuer =
        CertificateBuilder.assemble(other.der(), issuing.algorithm(), new byte[1]);
    return CertificateLint.findings(
        new Draft(
            leaf.profile(),
            leaf.template(),
            leaf.serial(),
            issuing.key(),
            Optional.of(issuer),
            leaf.tbs()));
  }

  // ISS-1
  @Test
  void validity_wrong_found() {
    assertOnly(leaf().notAfter(NOW.minus(Duration.ofDays(1))), "validity", "not-after");
    assertOnly(leaf().notAfter(NOW.plusSeconds(3601)), "not-after");
    assertOnly(leaf().notBefore(NOW.minusSeconds(121)), "not-before");
    var beyond = CertificateProfile.leaf(CART, List.of(), KEY, NOW, NOW.plus(Duration.ofDays(2)));
    assertThat(prepareFindings(CertificateProfile.LEAF, beyond, issuing))
        .contains("beyond the issuer's");
  }

  @Test
  void key_another_found() {
    byte[] another = ExportableKey.generate(KeyAlgorithm.EC_P256).publicKey().getEncoded();
    assertOnly(leaf().key(another), "public key is another");
  }

  // e_ext_duplicate_extension; what is not asked for does not belong here either.
  @Test
  void extensions_wrong_found() {
    ASN1ObjectIdentifier unknown = new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1");
    assertOnly(leaf().plus(unknown, false, DERNull.INSTANCE), "extensions that are not critical");
    assertOnly(leaf().plus(unknown, true, DERNull.INSTANCE), "critical extensions");
    assertOnly(
        leaf().plus(Extension.keyUsage, true, new DERBitString(new byte[] {6}, 1)),
        "cannot be read");
    assertOnly(leaf().critical(Extension.keyUsage, false), BOTH);
    assertOnly(leaf().critical(Extension.basicConstraints, false), BOTH);
    assertOnly(leaf().critical(Extension.extendedKeyUsage, true), BOTH);
    // e_ext_san_not_critical_without_subject, SPIFFE-20
    assertOnly(leaf().critical(Extension.subjectAlternativeName, false), "cannot be read");
    assertOnly(authority().critical(Extension.subjectAlternativeName, true), BOTH);
    assertOnly(authority().critical(Extension.keyUsage, false), BOTH);
  }

  // PROF-1, PROF-5
  @Test
  void subject_wrong_found() {
    assertOnly(leaf().subject("CN=cart"), "subject");
    assertOnly(authority().subject("O=Signet,CN=another"), "subject");
    assertOnly(authority().subject(""), "cannot be read");
  }

  // SPIFFE-18, SPIFFE-19, SPIFFE-20, SPIFFE-22: each name is compared, not only how many there are.
  @Test
  void names_wrong_found() {
    assertOnly(names(uri(CART)), "alternative names");
    assertOnly(names(uri("spiffe://example.org/ns/shop/sa/bank"), dns(), ip(), ip6()), "names");
    assertOnly(names(uri(CART), uri(CART), dns(), ip(), ip6()), "alternative names");
    assertOnly(names(dns(), ip(), ip6()), "alternative names");
    assertOnly(
        names(uri(CART), name(GeneralName.dNSName, "bank.example.org"), ip(), ip6()), "names");
    assertOnly(names(uri(CART), dns(), name(GeneralName.iPAddress, "10.0.0.2"), ip6()), "names");
    assertOnly(
        names(uri(CART), name(GeneralName.rfc822Name, "ca.example.org"), ip(), ip6()), "names");
    assertOnly(leaf().without(Extension.subjectAlternativeName), "cannot be read");
  }

  // The parser believes any text to be a DNS name.
  @Test
  void names_hostThatIsNone_found() {
    for (String host : List.of("no host", "-a.example.org", "Example.org", "")) {
      var template = CertificateProfile.leaf(CART, List.of(host), KEY, NOW, NOW.plusSeconds(3600));
      assertThat(prepareFindings(CertificateProfile.LEAF, template, issuing))
          .contains("host \"" + host + "\"");
    }
  }

  // SPIFFE-24, SPIFFE-25, SPIFFE-26, SPIFFE-27
  @Test
  void usage_wrong_found() {
    assertOnly(leafUsage(0x80 | 0x20), "key usage"); // keyEncipherment with an EC key, PROF-2
    assertOnly(leafUsage(0x80 | 0x04), "key usage"); // keyCertSign, SPIFFE-26
    assertOnly(leafUsage(0x02), "key usage");
    // e_incorrect_ku_encoding: bits that are zero and yet written
    assertOnly(
        leaf().with(Extension.keyUsage, true, new DERBitString(new byte[] {(byte) 0x80}, 0)),
        "key usage");
    assertOnly(leaf().without(Extension.keyUsage), "critical", "key usage");
    assertOnly(
        leaf()
            .with(
                Extension.extendedKeyUsage,
                false,
                new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth)),
        "extended key usage");
    assertOnly(leaf().without(Extension.extendedKeyUsage), "critical", "extended key usage");
    assertOnly(
        authority()
            .plus(
                Extension.extendedKeyUsage,
                false,
                new ExtendedKeyUsage(KeyPurposeId.anyExtendedKeyUsage)),
        "critical",
        "extended key usage");
  }

  private Crafted leafUsage(int bits) {
    int padding = Integer.numberOfTrailingZeros(bits);
    return leaf()
        .with(Extension.keyUsage, true, new DERBitString(new byte[] {(byte) bits}, padding));
  }

  // SPIFFE-21, SPIFFE-24
  @Test
  void constraints_wrong_found() {
    assertOnly(
        leaf().with(Extension.basicConstraints, true, new BasicConstraints(true)),
        "basic constraints");
    assertOnly(
        authority().with(Extension.basicConstraints, true, new BasicConstraints(false)),
        "basic constraints");
    assertOnly(
        authority().with(Extension.basicConstraints, true, new BasicConstraints(1)),
        "basic constraints 1");
    assertOnly(leaf().without(Extension.basicConstraints), "critical");
  }

  // e_ext_authority_key_identifier_no_key_identifier, ISS-7
  @Test
  void keyIds_wrong_found() {
    assertOnly(
        leaf()
            .with(
                Extension.authorityKeyIdentifier, false, new AuthorityKeyIdentifier(new byte[20])),
        "authority key identifier");
    assertOnly(
        leaf()
            .with(
                Extension.authorityKeyIdentifier,
                false,
                new AuthorityKeyIdentifier(
                    io.signet.ca.x509.KeyIds.of(issuing.key().publicKey()),
                    new GeneralNames(dns()),
                    BigInteger.ONE)),
        "authority key identifier");
    assertOnly(
        leaf().without(Extension.authorityKeyIdentifier), "critical", "authority key identifier");
    for (Crafted each : List.of(leaf(), authority())) {
      assertOnly(
          each.with(Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(new byte[20])),
          "subject key identifier");
    }
    assertOnly(leaf().without(Extension.subjectKeyIdentifier), "critical", "subject key");
  }

  // A template that is not its profile's is as wrong as bytes that lie about it.
  @Test
  void profile_templateOfAnother_found() {
    CertificateTemplate good = leaf.template();
    assertThat(prepareFindings(CertificateProfile.LEAF, authority.template(), root))
        .contains("authority", "SPIFFE ID", "key usage", "path length");
    assertThat(prepareFindings(CertificateProfile.ISSUING, good, root)).contains("authority");
    assertThat(
            prepareFindings(
                CertificateProfile.LEAF,
                template(good, DOMAIN.id(), good.keyUsage(), OptionalInt.empty()),
                issuing))
        .contains("SPIFFE ID spiffe://example.org");
    assertThat(
            prepareFindings(
                CertificateProfile.LEAF,
                template(
                    good,
                    CART,
                    Set.of(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CRL_SIGN),
                    OptionalInt.empty()),
                issuing))
        .contains("key usage");
    assertThat(prepareFindings(CertificateProfile.ROOT, authority.template(), root))
        .contains("issuer: true");
    assertThat(
            prepareFindings(
                CertificateProfile.LEAF, template(good, Optional.of("cart"), HOSTS), issuing))
        .contains("subject Optional[cart]");
    assertThat(
            prepareFindings(
                CertificateProfile.ISSUING,
                template(authority.template(), Optional.of("Issuing"), HOSTS),
                root))
        .contains("hosts [ca.example.org, 10.0.0.1, 2001:db8::1]");
  }

  private static CertificateTemplate template(
      CertificateTemplate good, Optional<String> subject, List<String> hosts) {
    return new CertificateTemplate(
        subject,
        good.id(),
        hosts,
        good.publicKey(),
        good.notBefore(),
        good.notAfter(),
        good.keyUsage(),
        good.authority(),
        good.pathLength());
  }

  private static CertificateTemplate template(
      CertificateTemplate good, SpiffeId id, Set<KeyUsage> usage, OptionalInt pathLength) {
    return new CertificateTemplate(
        good.subject(),
        id,
        good.hosts(),
        good.publicKey(),
        good.notBefore(),
        good.notAfter(),
        usage,
        good.authority(),
        pathLength);
  }

  private String prepareFindings(
      CertificateProfile profile, CertificateTemplate template, Authority by) {
    try {
      return "no finding in " + signer.prepare(profile, template, by);
    } catch (SelfCheckException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static List<String> lint(
      CertificateProfile profile, CertificateTemplate template, Authority by, Draft bytesOf) {
    return CertificateLint.findings(
        new Draft(
            profile,
            template,
            bytesOf.serial(),
            by.key(),
            Optional.of(by.certificate()),
            bytesOf.tbs()));
  }

  private Crafted leaf() {
    return new Crafted(leaf);
  }

  private Crafted authority() {
    return new Crafted(authority);
  }

  private Crafted names(GeneralName... names) {
    return leaf().with(Extension.subjectAlternativeName, true, new GeneralNames(names));
  }

  private static GeneralName uri(Object uri) {
    return name(GeneralName.uniformResourceIdentifier, uri.toString());
  }

  private static GeneralName dns() {
    return name(GeneralName.dNSName, HOSTS.get(0));
  }

  private static GeneralName ip() {
    return name(GeneralName.iPAddress, HOSTS.get(1));
  }

  private static GeneralName ip6() {
    return name(GeneralName.iPAddress, HOSTS.get(2));
  }

  private static GeneralName name(int type, String value) {
    return new GeneralName(type, value);
  }

  /** As many findings as fragments, each with its own, in this order. */
  private static void assertOnly(Crafted crafted, String... fragments) {
    assertOnly(CertificateLint.findings(with(crafted.of(), crafted)), fragments);
  }

  private static void assertOnly(List<String> findings, String... fragments) {
    assertThat(findings).hasSameSizeAs(fragments);
    for (int i = 0; i < fragments.length; i++) {
      assertThat(findings.get(i)).contains(fragments[i]);
    }
  }

  private static Draft with(Draft good, Crafted crafted) {
    return withBytes(good, crafted.der());
  }

  private static Draft withBytes(Draft good, byte[] tbs) {
    return new Draft(
        good.profile(), good.template(), good.serial(), good.key(), good.issuer(), tbs);
  }

  private static byte[] nonMinimal(byte[] der) {
    byte[] longer = new byte[der.length + 1];
    longer[0] = der[0];
    longer[1] = (byte) 0x83;
    System.arraycopy(der, 2, longer, 3, der.length - 2);
    return longer;
  }

  private static Extension longExtension() {
    byte[] value = new byte[9000];
    value[0] = 4;
    IntStream.range(1, value.length).forEach(i -> value[i] = 1);
    return new Extension(new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.2"), false, value);
  }

  private static String reordered(X509Certificate certificate) {
    return new org.bouncycastle.asn1.x500.X500Name(certificate.getSubjectX500Principal().getName())
        .toString();
  }
}
