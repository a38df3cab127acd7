package io.signet.ca.x509;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.signet.spiffe.Pem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.bouncycastle.asn1.x9.X962Parameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a mesh sends is accepted, and everything else is refused by its own rule. */
final class CsrParserTest {

  private static final int MUTANTS = 10_000;
  private static final GeneralName URI =
      new GeneralName(GeneralName.uniformResourceIdentifier, Csrs.ID);
  private static final ASN1ObjectIdentifier UNKNOWN =
      new ASN1ObjectIdentifier("1.3.6.1.4.1.99999.1");

  // ISTIO-17, ISTIO-18, ISTIO-19, CSR-8, CSR-9
  @ParameterizedTest
  @MethodSource
  void parse_whatMeshesSend_keyAndUri(String name, Csrs csr) throws Exception {
    CertificateRequest request = CsrParser.parse(csr.der());

    assertThat(request.uri()).as(name).contains(Csrs.ID);
    assertThat(request.publicKey().getEncoded()).isEqualTo(csr.publicKey().getEncoded());
  }

  static Stream<Object> parse_whatMeshesSend_keyAndUri() {
    return Stream.of(
        arguments("ISTIO-95: O unset. ztunnel: P-256, critical SAN", Csrs.good()),
        arguments(
            "ISTIO-95: SAN only, not critical", Csrs.good().extensions(Csrs.uri(false, Csrs.ID))),
        arguments(
            "ISTIO-95: empty O. Agent: RSA-2048",
            Csrs.good().keys(Csrs.RSA_2048).subject(organization(""))),
        arguments("ISTIO-95: empty O. Agent: P-256", Csrs.good().subject(organization(""))),
        arguments("P-384", Csrs.good().keys(Csrs.ec("secp384r1"))),
        arguments("P-256 with SHA-384", Csrs.good().signedBy("SHA384withECDSA")),
        arguments("P-256 with SHA-512", Csrs.good().signedBy("SHA512withECDSA")),
        arguments("RSA with SHA-384", Csrs.good().keys(Csrs.RSA_2048).signedBy("SHA384withRSA")),
        arguments("RSA with SHA-512", Csrs.good().keys(Csrs.RSA_2048).signedBy("SHA512withRSA")));
  }

  // SPIFFE-12: large is not hostile.
  @Test
  void parse_largeButLegal_accepted() throws Exception {
    String longest = Csrs.ID + "/" + "a".repeat(2048 - Csrs.ID.length() - 1);
    Csrs csr = rsa(4096, 65537).extensions(Csrs.uri(true, longest));

    assertThat(CsrParser.parse(csr.der()).uri()).contains(longest);
  }

  // CSR-8: without a name, in both ways to say so, the caller gets its own. ISTIO-95: no URI, no
  // other names, no extensions.
  @Test
  void parse_noNames_keyOnly() throws Exception {
    assertThat(CsrParser.parse(Csrs.good().attributes().der()).uri()).isEmpty();
    assertThat(CsrParser.parse(Csrs.good().withoutAttributes().der()).uri()).isEmpty();
  }

  // CSR-7, CSR-10: DNS names that policy gives anyway are read over; nothing else changes by them.
  @Test
  void parse_dnsNamesOfPolicy_readOver() throws Exception {
    GeneralName one = new GeneralName(GeneralName.dNSName, "cart.example.org");
    GeneralName other = new GeneralName(GeneralName.dNSName, "cart");
    List<String> hosts = List.of("cart.example.org", "cart", "10.0.0.1");
    for (Csrs csr : List.of(Csrs.good().names(one, URI, other), Csrs.good().names(URI))) {
      assertThat(CsrParser.parse(csr.der(), hosts).uri()).contains(Csrs.ID);
    }
    assertThat(CsrParser.parse(Csrs.good().attributes().der(), hosts).uri()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource
  void parse_namesBeyondThoseOfPolicy_refused(String name, GeneralName[] names) {
    List<String> hosts = List.of("cart.example.org", "10.0.0.1", Csrs.ID);

    assertThatThrownBy(() -> CsrParser.parse(Csrs.good().names(names).der(), hosts))
        .as(name)
        .isExactlyInstanceOf(CsrException.class)
        .hasMessageContaining("(expected: one URI)");
  }

  static Stream<Object> parse_namesBeyondThoseOfPolicy_refused() {
    GeneralName known = new GeneralName(GeneralName.dNSName, "cart.example.org");
    return Stream.of(
        arguments("no URI", new GeneralName[] {known}),
        arguments("two URIs", new GeneralName[] {URI, known, URI}),
        arguments("another DNS name", names(URI, known, GeneralName.dNSName, "bank.example.org")),
        arguments("in upper case", names(URI, known, GeneralName.dNSName, "Cart.example.org")),
        arguments("a name below it", names(URI, known, GeneralName.dNSName, "a.cart.example.org")),
        arguments("a wildcard", names(URI, known, GeneralName.dNSName, "*.example.org")),
        arguments("an e-mail address", names(URI, known, GeneralName.rfc822Name, "a@example.org")),
        arguments("its name as one", names(URI, known, GeneralName.rfc822Name, "cart.example.org")),
        arguments("an IP address", names(URI, known, GeneralName.iPAddress, "10.0.0.1")));
  }

  private static GeneralName[] names(GeneralName one, GeneralName other, int type, String name) {
    return new GeneralName[] {one, other, new GeneralName(type, name)};
  }

  @ParameterizedTest
  @ValueSource(strings = {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})
  void parse_pem_sameAsDer(String label) throws Exception {
    byte[] pem = Pem.encode(label, Csrs.good().der()).getBytes(US_ASCII);

    assertThat(CsrParser.parse(pem).uri()).contains(Csrs.ID);
  }

  @Test
  void parse_pemWithCarriageReturnsAndBlankLines_accepted() throws Exception {
    String pem = "\r\n" + Pem.encode("CERTIFICATE REQUEST", Csrs.good().der()) + "\n\n";

    assertThat(CsrParser.parse(pem.replace("\n", "\r\n").getBytes(US_ASCII)).uri()).isPresent();
  }

  @ParameterizedTest
  @MethodSource
  void parse_oneRuleBroken_refusedByThatRule(String name, byte[] request, String reason) {
    assertThatThrownBy(() -> CsrParser.parse(request))
        .as(name)
        .isExactlyInstanceOf(CsrException.class)
        .hasMessageContaining(reason);
  }

  static Stream<Object> parse_oneRuleBroken_refusedByThatRule() {
    return Stream.of(encodings(), signatures(), attributes(), names(), keys()).flatMap(all -> all);
  }

  // CSR-1, CSR-3, CSR-4
  private static Stream<Object> encodings() {
    byte[] good = Csrs.good().der();
    String pem = Pem.encode("CERTIFICATE REQUEST", good);
    return Stream.of(
        arguments("ISTIO-95: no request", new byte[0], "neither DER nor one PEM"),
        arguments("CSR-1: size", new byte[CsrParser.LONGEST + 1], "at most"),
        arguments("CSR-1: two PEM blocks", ascii(pem + pem), "neither DER nor one PEM"),
        arguments(
            "CSR-1: text around the block", ascii("hello\n" + pem), "neither DER nor one PEM"),
        arguments("CSR-1: another label", ascii(pem.replace("REQUEST", "QUEST")), "neither DER"),
        arguments("CSR-1: labels differ", ascii(pem.replace("BEGIN", "BEGIN NEW")), "neither DER"),
        arguments("CSR-1: broken base64", ascii(pem.replace("\nM", "\n=M")), "well-formed"),
        arguments("CSR-1: bytes after DER", Arrays.copyOf(good, good.length + 1), "well-formed"),
        arguments(
            "CSR-1: bytes after DER in PEM",
            ascii(Pem.encode("CERTIFICATE REQUEST", Arrays.copyOf(good, good.length + 1))),
            "well-formed"),
        arguments("CSR-3: indefinite length", Csrs.indefiniteLength(rsa().der()), "not DER"),
        arguments("CSR-3: non-minimal length", Csrs.nonMinimalLength(rsa().der()), "not DER"),
        arguments("CSR-3: BER in the names", berNames().der(), "not DER"),
        arguments("CSR-3: bytes after the names", namesAndMore().der(), "well-formed"),
        arguments("CSR-3: the default written out", notCritical().der(), "not DER"),
        arguments("CSR-3: unused bits", Csrs.good().signaturePadding(4).der(), "well-formed"),
        arguments("CSR-4: version 1", Csrs.good().version(1).der(), "version 1"));
  }

  // The octets inside an extension are DER by themselves, or nobody has looked at them.
  private static Csrs berNames() {
    byte[] uri = Csrs.ID.getBytes(US_ASCII);
    ByteArrayOutputStream ber = new ByteArrayOutputStream();
    ber.writeBytes(new byte[] {0x30, (byte) 0x80, (byte) 0x86, (byte) uri.length});
    ber.writeBytes(uri);
    ber.writeBytes(new byte[2]);
    return Csrs.good()
        .extensions(new Extension(Extension.subjectAlternativeName, true, ber.toByteArray()));
  }

  private static Csrs namesAndMore() {
    byte[] names = Csrs.uri(true, Csrs.ID).getExtnValue().getOctets();
    byte[] more = Arrays.copyOf(names, names.length + 2);
    return Csrs.good().extensions(new Extension(Extension.subjectAlternativeName, true, more));
  }

  // X.690, 11.5: what is the default is left out.
  private static Csrs notCritical() {
    Extension san = Csrs.uri(false, Csrs.ID);
    ASN1EncodableVector explicit = new ASN1EncodableVector();
    explicit.add(san.getExtnId());
    explicit.add(ASN1Boolean.FALSE);
    explicit.add(san.getExtnValue());
    return Csrs.good()
        .attributes(
            new Attribute(
                PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
                new DERSet(new DERSequence(new DERSequence(explicit)))));
  }

  // CSR-5
  private static Stream<Object> signatures() {
    byte[] broken = Csrs.good().keys(Csrs.RSA_2048).der();
    broken[broken.length - 1] ^= 1;
    byte[] another = Csrs.good().der();
    byte[] id = "cart".getBytes(US_ASCII);
    another[indexOf(another, id)] ^= 1;
    return Stream.of(
        arguments("CSR-5: SHA-1", Csrs.good().signedBy("SHA1withECDSA").der(), "algorithm"),
        arguments("CSR-5: RSA with SHA-1", rsa().signedBy("SHA1withRSA").der(), "algorithm"),
        arguments("CSR-5: MD5", rsa().signedBy("MD5withRSA").der(), "algorithm"),
        arguments("CSR-5: MD4", rsa().signedBy("MD4withRSA").der(), "algorithm"),
        arguments(
            "CSR-5: RSA's algorithm with an EC key",
            Csrs.good().claims(rsaWithSha256()).der(),
            "algorithm"),
        arguments(
            "CSR-5: another hash than that of the signature",
            rsa().signedBy("SHA384withRSA").claims(rsaWithSha256()).der(),
            "does not verify"),
        arguments("CSR-5: broken signature", broken, "does not verify"),
        arguments("CSR-5: signature over something else", another, "does not verify"));
  }

  private static AlgorithmIdentifier rsaWithSha256() {
    return Csrs.nullParameters(PKCSObjectIdentifiers.sha256WithRSAEncryption);
  }

  // CSR-6
  private static Stream<Object> attributes() {
    Extension san = Csrs.uri(true, Csrs.ID);
    return Stream.of(
        arguments(
            "CSR-6: two extension requests",
            Csrs.good().attributes(Csrs.asks(san), Csrs.asks(Csrs.uri(true, Csrs.ID + "2"))).der(),
            "at most one extension request"),
        arguments(
            "CSR-6: two values in one",
            Csrs.good().attributes(twoValues(san)).der(),
            "at most one extension request"),
        arguments(
            "CSR-6: duplicate extension", Csrs.good().extensions(san, san).der(), "well-formed"),
        arguments("no extension in the request", Csrs.good().extensions().der(), "well-formed"),
        arguments(
            "a password for revocation, which nobody here would ask for",
            Csrs.good().attributes(Csrs.challengePassword()).der(),
            "at most one extension request"),
        arguments(
            "a password beside the extensions",
            Csrs.good().attributes(Csrs.asks(san), Csrs.challengePassword()).der(),
            "at most one extension request"),
        arguments(
            "an unknown attribute",
            Csrs.good()
                .attributes(new Attribute(UNKNOWN, new DERSet(new DERUTF8String("x"))))
                .der(),
            "at most one extension request"),
        arguments(
            "an attribute without a value",
            Csrs.good()
                .attributes(
                    new Attribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new DERSet()))
                .der(),
            "at most one extension request"));
  }

  private static Attribute twoValues(Extension san) {
    return new Attribute(
        PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
        new DERSet(
            new org.bouncycastle.asn1.ASN1Encodable[] {
              new DERSequence(san), new DERSequence(Csrs.uri(false, Csrs.ID))
            }));
  }

  // CSR-7
  private static Stream<Object> names() {
    GeneralName dns = new GeneralName(GeneralName.dNSName, "bank.example.org");
    return Stream.of(
        arguments("CSR-7, ISTIO-95: DNS", Csrs.good().names(dns).der(), "one URI"),
        besideUri("CSR-7: DNS beside URI", dns),
        besideUri("CSR-7, ISTIO-95: two URIs", URI),
        besideUri("CSR-7, ISTIO-95: IP", new GeneralName(GeneralName.iPAddress, "10.0.0.1")),
        besideUri("CSR-7, ISTIO-95: e-mail", new GeneralName(GeneralName.rfc822Name, "a@b.c")),
        besideUri("CSR-7, ISTIO-95: empty e-mail", new GeneralName(GeneralName.rfc822Name, "")),
        besideUri("CSR-7, ISTIO-95: empty DNS", new GeneralName(GeneralName.dNSName, "")),
        besideUri("CSR-7: a directory name", new GeneralName(new X500Name("CN=x"))),
        arguments("CSR-7: no name in the names", Csrs.good().names().der(), "one URI"),
        arguments(
            "a URI that would forge a line of a log",
            Csrs.good().extensions(Csrs.uri(true, Csrs.ID + "\nroot logged in")).der(),
            "printable"),
        arguments(
            "a URI that is too long",
            Csrs.good().extensions(Csrs.uri(true, Csrs.ID + "/a".repeat(1100))).der(),
            "2048"),
        arguments(
            "CSR-7: CN", Csrs.good().subject(new X500Name("CN=cart")).der(), "subject has [CN]"),
        arguments(
            "CSR-7, ISTIO-95: O", Csrs.good().subject(organization("x")).der(), "subject has [O]"),
        // istiod takes a CN that repeats the name, for clients that read no other; we never do.
        arguments(
            "CSR-7, ISTIO-95: CN that repeats the name, beside the empty O",
            Csrs.good().subject(organizationAnd(Csrs.ID)).der(),
            "subject has [O, CN]"),
        arguments(
            "CSR-7, ISTIO-95: another CN beside the empty O",
            Csrs.good().subject(organizationAnd("cart")).der(),
            "subject has [O, CN]"),
        arguments(
            "CSR-8: more than a single O",
            Csrs.good()
                .subject(new X500NameBuilder().addRDN(BCStyle.O, "").addRDN(BCStyle.O, "").build())
                .der(),
            "subject has"),
        arguments(
            "CSR-7: unknown attribute in the subject",
            Csrs.good().subject(unknownSubject(UNKNOWN)).der(),
            "subject has [1.3.6.1.4.1.99999.1]"),
        arguments(
            "CSR-8: CN beside the empty O, as one",
            Csrs.good()
                .subject(
                    new X500NameBuilder()
                        .addMultiValuedRDN(
                            new ASN1ObjectIdentifier[] {BCStyle.O, BCStyle.CN},
                            new String[] {"", "cart"})
                        .build())
                .der(),
            "subject has"),
        arguments(
            "CSR-7, ISTIO-95: basic constraints of an authority",
            Csrs.good()
                .extensions(
                    Csrs.uri(true, Csrs.ID),
                    Csrs.extension(Extension.basicConstraints, true, new BasicConstraints(true)))
                .der(),
            "extension 2.5.29.19"),
        arguments(
            "CSR-7: unknown critical extension",
            Csrs.good()
                .extensions(
                    Csrs.uri(true, Csrs.ID), Csrs.extension(UNKNOWN, true, DERNull.INSTANCE))
                .der(),
            "extension 1.3.6.1.4.1.99999.1"),
        arguments(
            "CSR-7, ISTIO-95: unknown extension beside the names",
            Csrs.good()
                .extensions(
                    Csrs.uri(true, Csrs.ID), Csrs.extension(UNKNOWN, false, DERNull.INSTANCE))
                .der(),
            "extension 1.3.6.1.4.1.99999.1"),
        arguments(
            "CSR-7, ISTIO-95: unknown extension and no names",
            Csrs.good().extensions(Csrs.extension(UNKNOWN, false, DERNull.INSTANCE)).der(),
            "extension 1.3.6.1.4.1.99999.1"));
  }

  // CSR-9, but for Debian's weak keys
  private static Stream<Object> keys() {
    ASN1ObjectIdentifier ec = X9ObjectIdentifiers.id_ecPublicKey;
    ASN1ObjectIdentifier rsa = PKCSObjectIdentifiers.rsaEncryption;
    return Stream.of(
        arguments("RSA-1024", rsa(1024, 65537).der(), "RSA key of 1024 bits"),
        arguments("RSA-2047", rsa(2047, 65537).der(), "RSA key of 2047 bits"),
        arguments("RSA-8193", hugeRsa().der(), "RSA key of 8193 bits"),
        arguments("exponent 1", exponentOne().der(), "well-formed"),
        arguments("even exponent", evenExponent(), "exponent 131074"),
        arguments("exponent 3", rsa(2048, 3).der(), "exponent 3"),
        arguments("exponent 17", rsa(2048, 17).der(), "exponent 17"),
        arguments(
            "a public exponent that is a day's work to verify",
            Csrs.good().keys(Csrs.rsa(2048, BigInteger.TWO.pow(65).add(BigInteger.ONE))).der(),
            "RSA key with exponent"),
        arguments("ROCA", Csrs.good().keys(WeakRsaKeys.roca()).der(), "ROCA"),
        arguments("a small factor", Csrs.good().keys(WeakRsaKeys.smallFactor()).der(), "small"),
        arguments("close primes", Csrs.good().keys(WeakRsaKeys.closePrimes()).der(), "too close"),
        arguments("P-521", Csrs.good().keys(Csrs.ec("secp521r1")).der(), "EC key"),
        arguments("secp256k1", Csrs.good().keys(Csrs.ec("secp256k1")).der(), "EC"),
        arguments(
            "EC parameters NULL",
            Csrs.good().keyParameters(Csrs.nullParameters(ec)).der(),
            "without a named curve"),
        arguments(
            "EC parameters absent",
            Csrs.good().keyParameters(new AlgorithmIdentifier(ec)).der(),
            "without a named curve"),
        arguments(
            "EC parameters explicit",
            Csrs.good().keyParameters(new AlgorithmIdentifier(ec, explicitP256())).der(),
            "without a named curve"),
        arguments("EC point compressed", point(2, 33).der(), "well-formed"),
        arguments("EC point at infinity", point(0, 1).der(), "well-formed"),
        arguments("EC point not on the curve", offCurve().der(), ""),
        arguments(
            "RSA parameters absent",
            rsa().keyParameters(new AlgorithmIdentifier(rsa)).der(),
            "RSA key with parameters"),
        arguments(
            "RSA parameters of another kind",
            rsa().keyParameters(new AlgorithmIdentifier(rsa, new DERUTF8String(""))).der(),
            "RSA key with parameters"),
        arguments(
            "Ed25519",
            Csrs.good().keys(Csrs.keys("Ed25519")).signedBy("Ed25519").der(),
            "EC or RSA"),
        arguments(
            "DSA",
            Csrs.good().keys(Csrs.keys("DSA")).signedBy("SHA256withDSA").der(),
            "EC or RSA"));
  }

  // No signature of so large a key: it is not looked at.
  private static Csrs hugeRsa() {
    BigInteger modulus = BigInteger.TWO.pow(8192).add(BigInteger.ONE);
    return rsa().publicKey(rsaKey(modulus, RSAKeyGenParameterSpec.F4));
  }

  private static Csrs exponentOne() {
    BigInteger modulus = ((RSAPublicKey) Csrs.RSA_2048.getPublic()).getModulus();
    return Csrs.good()
        .keys(new KeyPair(Csrs.RSA_2048.getPublic(), WeakRsaKeys.signerForOne(modulus)))
        .publicKey(rsaKey(modulus, BigInteger.ONE));
  }

  // The first of the requests that such a key can sign at all.
  private static byte[] evenExponent() {
    BigInteger p = WeakRsaKeys.blumPrime(1);
    BigInteger q = WeakRsaKeys.blumPrime(2);
    KeyPair keys = new KeyPair(Csrs.RSA_2048.getPublic(), WeakRsaKeys.signerForEven(p, q));
    BigInteger exponent = RSAKeyGenParameterSpec.F4.shiftLeft(1);
    return Stream.iterate(0, i -> i + 1)
        .map(i ->
            Csrs.good()
                .keys(keys)
                .publicKey(rsaKey(p.multiply(q), exponent))
                .extensions(Csrs.uri(true, Csrs.ID + i))
                .der())
        .filter(csr -> WeakRsaKeys.isSigned(csr, p.multiply(q), exponent))
        .findFirst()
        .orElseThrow();
  }

  private static SubjectPublicKeyInfo rsaKey(BigInteger modulus, BigInteger exponent) {
    try {
      return new SubjectPublicKeyInfo(
          Csrs.nullParameters(PKCSObjectIdentifiers.rsaEncryption),
          new org.bouncycastle.asn1.pkcs.RSAPublicKey(modulus, exponent));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The good key's point in another form: its first octet, and as many as there are to it. */
  private static Csrs point(int form, int length) {
    SubjectPublicKeyInfo good = Csrs.spki(Csrs.P256);
    byte[] point = Arrays.copyOf(good.getPublicKeyData().getOctets(), length);
    int parity = length == 1 ? 0 : good.getPublicKeyData().getOctets()[64] & 1;
    point[0] = (byte) (form + parity);
    return Csrs.good().publicKey(new SubjectPublicKeyInfo(good.getAlgorithm(), point));
  }

  private static Csrs offCurve() {
    SubjectPublicKeyInfo good = Csrs.spki(Csrs.P256);
    byte[] point = good.getPublicKeyData().getOctets().clone();
    point[64] ^= 1;
    return Csrs.good().publicKey(new SubjectPublicKeyInfo(good.getAlgorithm(), point));
  }

  private static X962Parameters explicitP256() {
    return new X962Parameters(ECNamedCurveTable.getByName("P-256"));
  }

  private static Csrs rsa() {
    return Csrs.good().keys(Csrs.RSA_2048);
  }

  private static Csrs rsa(int bits, int exponent) {
    return Csrs.good().keys(Csrs.rsa(bits, BigInteger.valueOf(exponent)));
  }

  private static X500Name organization(String value) {
    return new X500NameBuilder().addRDN(BCStyle.O, value).build();
  }

  private static Arguments besideUri(String what, GeneralName other) {
    return arguments(what, Csrs.good().names(URI, other).der(), "one URI");
  }

  private static X500Name organizationAnd(String commonName) {
    return new X500NameBuilder().addRDN(BCStyle.O, "").addRDN(BCStyle.CN, commonName).build();
  }

  private static X500Name unknownSubject(ASN1ObjectIdentifier type) {
    return new X500NameBuilder().addRDN(type, new DERUTF8String("x")).build();
  }

  // What it is told must not be as long as what a hostile caller sends.
  @ParameterizedTest
  @MethodSource
  void parse_manyWrongNames_tenAreTold(byte[] request) {
    assertThatThrownBy(() -> CsrParser.parse(request))
        .isExactlyInstanceOf(CsrException.class)
        .message()
        .hasSizeLessThan(200);
  }

  static Stream<byte[]> parse_manyWrongNames_tenAreTold() {
    X500NameBuilder subject = new X500NameBuilder();
    GeneralName[] names = new GeneralName[500];
    for (int i = 0; i < names.length; i++) {
      subject.addRDN(BCStyle.O, "x");
      names[i] = new GeneralName(GeneralName.dNSName, "a");
    }
    return Stream.of(Csrs.good().subject(subject.build()).der(), Csrs.good().names(names).der());
  }

  // What operators and other agents make with the command that everybody has.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ec:ec_paramgen_curve:P-256",
        "ec:ec_paramgen_curve:P-384",
        "rsa:rsa_keygen_bits:2048"
      })
  void parse_madeByOpenssl_accepted(String kind, @TempDir Path directory) throws Exception {
    String[] key = kind.split(":", 2);
    String[] command =
        ("req -new -nodes -newkey %s -pkeyopt %s -keyout key.pem -out csr.pem -subj /"
                + " -addext subjectAltName=critical,URI:%s")
            .formatted(key[0], key[1], Csrs.ID)
            .split(" ");

    String said = Openssl.run(directory, new byte[0], command);

    byte[] csr = Files.readAllBytes(directory.resolve("csr.pem"));
    assertThat(CsrParser.parse(csr).uri()).as(said).contains(Csrs.ID);
  }

  // CSR-2: nested so deep that a reader which descends runs out of stack.
  @ParameterizedTest
  @ValueSource(ints = {100, 1_000, 4_000, 8_000})
  void parse_nestedDeep_refused(int depth) throws InterruptedException {
    for (byte[] bomb : List.of(nestedDefinite(depth), nestedIndefinite(depth), inNames(depth))) {
      assertThat(refusalOnSmallStack(bomb)).isInstanceOf(CsrException.class);
    }
  }

  // As small as the launcher gives to a thread.
  private static @Nullable Throwable refusalOnSmallStack(byte[] request)
      throws InterruptedException {
    AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
    Thread reader =
        new Thread(
            null,
            () -> thrown.set(catchThrowable(() -> CsrParser.parse(request))),
            "reader",
            512 << 10);
    reader.start();
    reader.join();
    return thrown.get();
  }

  // Where the octets of an extension are read by themselves.
  private static byte[] inNames(int depth) {
    byte[] bomb = nestedDefinite(Math.min(depth, 3_000));
    return Csrs.good()
        .extensions(new Extension(Extension.subjectAlternativeName, true, bomb))
        .der();
  }

  private static byte[] nestedDefinite(int depth) {
    byte[] bomb = new byte[0];
    for (int i = 0; i < depth && bomb.length < CsrParser.LONGEST - 4; i++) {
      ByteArrayOutputStream outer = new ByteArrayOutputStream();
      outer.write(0x30);
      if (bomb.length < 0x80) {
        outer.write(bomb.length);
      } else {
        outer.writeBytes(new byte[] {(byte) 0x82, (byte) (bomb.length >> 8), (byte) bomb.length});
      }
      outer.writeBytes(bomb);
      bomb = outer.toByteArray();
    }
    return bomb;
  }

  private static byte[] nestedIndefinite(int depth) {
    byte[] bomb = new byte[Math.min(2 * depth, CsrParser.LONGEST)];
    for (int i = 0; i < bomb.length; i += 2) {
      bomb[i] = 0x30;
      bomb[i + 1] = (byte) 0x80;
    }
    return bomb;
  }

  // CSR-2, CORP-7: whatever comes in, only a result or the documented refusal comes out.
  @Test
  void parse_mutatedRequests_resultOrCsrException() {
    Random random = new Random(20_261_123);
    List<byte[]> seeds =
        List.of(
            Csrs.good().der(),
            rsa().subject(organization("")).der(),
            Pem.encode("CERTIFICATE REQUEST", Csrs.good().der()).getBytes(US_ASCII));
    for (int i = 0; i < MUTANTS; i++) {
      requireResultOrRefusal(mutant(seeds.get(i % seeds.size()), random));
    }
  }

  @Test
  void parse_randomBytes_csrException() {
    Random random = new Random(20_261_124);
    for (int i = 0; i < MUTANTS; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      if (noise.length > 0 && random.nextBoolean()) {
        noise[0] = 0x30;
      }
      requireResultOrRefusal(noise);
    }
  }

  // Changes bytes, cuts, repeats and moves pieces: what a bit flip alone does not reach.
  private static byte[] mutant(byte[] seed, Random random) {
    byte[] mutant = seed.clone();
    for (int change = 0; change <= random.nextInt(4); change++) {
      int at = random.nextInt(mutant.length);
      int length = Math.min(random.nextInt(1, 24), mutant.length - at);
      switch (random.nextInt(4)) {
        case 0 -> mutant[at] = (byte) random.nextInt(256);
        case 1 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> mutant = Arrays.copyOf(mutant, Math.max(1, mutant.length - length));
        default ->
            System.arraycopy(
                mutant, at, mutant, random.nextInt(mutant.length - length + 1), length);
      }
    }
    return mutant;
  }

  private static void requireResultOrRefusal(byte[] request) {
    try {
      assertThat(CsrParser.parse(request).publicKey()).isNotNull();
    } catch (CsrException documented) {
      assertThat(documented).hasMessageNotContaining("null");
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
        .indexOf(new String(part, US_ASCII));
  }
}
