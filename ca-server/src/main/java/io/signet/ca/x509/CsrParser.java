package io.signet.ca.x509;

import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Reads PKCS#10 requests as strictly as the mesh allows (issuance-safety, section 3): what is not
 * known to be harmless is refused.
 */
public final class CsrParser {

  /** Longest request that is looked at, in bytes; an RSA-4096 request as PEM has about 1,700. */
  public static final int LONGEST = 16 * 1024;

  private static final int SHORTEST_RSA = 2048;
  private static final int LONGEST_RSA = 8192;
  // 65537 has 17 bits; beyond 64 the JDK is slow to verify, or refuses to.
  private static final int SHORTEST_EXPONENT = 17;
  private static final int LONGEST_EXPONENT = 64;
  private static final int LONGEST_URI = 2048; // SPIFFE-12
  private static final int MOST_SHOWN = 10;

  // CSR-5: what is not listed is not even verified.
  private static final Map<ASN1ObjectIdentifier, String> SIGNATURES =
      Map.of(
          X9ObjectIdentifiers.ecdsa_with_SHA256, "SHA256withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA384, "SHA384withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA512, "SHA512withECDSA",
          PKCSObjectIdentifiers.sha256WithRSAEncryption, "SHA256withRSA",
          PKCSObjectIdentifiers.sha384WithRSAEncryption, "SHA384withRSA",
          PKCSObjectIdentifiers.sha512WithRSAEncryption, "SHA512withRSA");

  private static final Pattern PEM =
      Pattern.compile(
          "\\s*-----BEGIN (?<label>(?:NEW )?CERTIFICATE REQUEST)-----"
              + "(?<body>[^-]*)-----END \\k<label>-----\\s*");

  private CsrParser() {}

  /**
   * Reads a request, PEM or DER, and verifies that its sender holds the key.
   *
   * @throws CsrException for every other input, whatever it is (CSR-2)
   */
  public static CertificateRequest parse(byte[] request) throws CsrException {
    return parse(request, List.of());
  }

  /**
   * As {@link #parse(byte[])}, of a sender who gets DNS names by policy.
   *
   * @param hosts these names; a request may list them beside its URI, and they are read over
   */
  public static CertificateRequest parse(byte[] request, List<String> hosts) throws CsrException {
    return guarded(request, der -> parseDer(der, hosts));
  }

  /**
   * The key of a request whose sender has proven to hold it. All that is wished for is read over:
   * for those who decide by themselves what they sign.
   *
   * @throws CsrException for every other input, whatever it is (CSR-2)
   */
  public static PublicKey key(byte[] request) throws CsrException {
    return guarded(
        request,
        der -> {
          CertificationRequest strict = strict(der);
          PublicKey key = publicKey(strict.getCertificationRequestInfo().getSubjectPublicKeyInfo());
          requirePossession(strict, key);
          return key;
        });
  }

  private interface Parser<T> {
    T parse(byte[] der) throws CsrException, IOException, GeneralSecurityException;
  }

  private static <T> T guarded(byte[] request, Parser<T> parser) throws CsrException {
    if (request.length > LONGEST) {
      throw new CsrException(
          "request of %d bytes (expected: at most %d)".formatted(request.length, LONGEST));
    }
    try {
      return parser.parse(der(request));
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // Bouncy Castle answers hostile input with a dozen unchecked exceptions (CSR-2).
      throw new CsrException("request is not a well-formed PKCS#10 request");
    }
  }

  private static byte[] der(byte[] request) throws CsrException {
    if (request.length > 0 && request[0] == 0x30) {
      return request;
    }
    Matcher pem = PEM.matcher(new String(request, StandardCharsets.ISO_8859_1));
    if (!pem.matches()) {
      throw new CsrException(
          "request is neither DER nor one PEM block (expected: -----BEGIN CERTIFICATE REQUEST-----)");
    }
    return Base64.getDecoder().decode(withoutSpace(pem.group("body")));
  }

  // The decoder that skips line ends skips everything else too.
  private static byte[] withoutSpace(String body) {
    byte[] kept = new byte[body.length()];
    int length = 0;
    for (int i = 0; i < body.length(); i++) {
      if (!Character.isWhitespace(body.charAt(i))) {
        kept[length++] = (byte) body.charAt(i);
      }
    }
    return Arrays.copyOf(kept, length);
  }

  private static CertificateRequest parseDer(byte[] der, List<String> hosts)
      throws CsrException, IOException, GeneralSecurityException {
    CertificationRequest request = strict(der);
    CertificationRequestInfo info = request.getCertificationRequestInfo();
    if (!info.getVersion().hasValue(0)) {
      throw new CsrException("version " + info.getVersion() + " (expected: 0)");
    }
    requireHarmlessSubject(info.getSubject());
    PublicKey key = publicKey(info.getSubjectPublicKeyInfo());
    requirePossession(request, key);
    return new CertificateRequest(key, uri(info, hosts));
  }

  // CSR-3: Bouncy Castle reads BER as well; only what is DER comes out as it went in.
  private static CertificationRequest strict(byte[] der) throws CsrException, IOException {
    CertificationRequest request =
        CertificationRequest.getInstance(ASN1Primitive.fromByteArray(der));
    requireDer(request, der);
    return request;
  }

  private static void requireDer(ASN1Object read, byte[] bytes) throws CsrException, IOException {
    if (!Arrays.equals(read.getEncoded(ASN1Encoding.DER), bytes)) {
      throw new CsrException("request is not DER");
    }
  }

  // CSR-8: Istio's agents send one empty O, ztunnel sends nothing.
  private static void requireHarmlessSubject(X500Name subject) throws CsrException {
    if (subject.getRDNs().length > 0 && !isEmptyOrganization(subject)) {
      throw new CsrException(
          "subject has %s (expected: an empty subject; the identity comes from attestation)"
              .formatted(
                  Arrays.stream(subject.getAttributeTypes())
                      .limit(MOST_SHOWN)
                      .map(CsrParser::shown)
                      .toList()));
    }
  }

  private static boolean isEmptyOrganization(X500Name subject) {
    ASN1ObjectIdentifier[] types = subject.getAttributeTypes();
    return types.length == 1
        && types[0].equals(BCStyle.O)
        && IETFUtils.valueToString(subject.getRDNs()[0].getFirst().getValue()).isEmpty();
  }

  private static String shown(ASN1ObjectIdentifier type) {
    return Objects.requireNonNullElseGet(BCStyle.INSTANCE.oidToDisplayName(type), type::getId);
  }

  private static PublicKey publicKey(SubjectPublicKeyInfo info)
      throws CsrException, IOException, GeneralSecurityException {
    AlgorithmIdentifier algorithm = info.getAlgorithm();
    if (algorithm.getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      return ecKey(info, algorithm);
    }
    if (algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return rsaKey(info, algorithm);
    }
    throw new CsrException(
        "key of algorithm %s (expected: EC or RSA)".formatted(algorithm.getAlgorithm()));
  }

  // CSR-9: parameters that are missing, NULL or explicit never reach a key factory.
  private static PublicKey ecKey(SubjectPublicKeyInfo info, AlgorithmIdentifier algorithm)
      throws CsrException, IOException, GeneralSecurityException {
    if (!(algorithm.getParameters() instanceof ASN1ObjectIdentifier)) {
      throw new CsrException("EC key without a named curve (expected: P-256 or P-384)");
    }
    PublicKey key =
        KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info.getEncoded()));
    if (KeyAlgorithm.of(key).isEmpty()) {
      throw new CsrException(
          "EC key on curve %s (expected: P-256 or P-384)".formatted(algorithm.getParameters()));
    }
    return key;
  }

  private static PublicKey rsaKey(SubjectPublicKeyInfo info, AlgorithmIdentifier algorithm)
      throws CsrException, IOException, GeneralSecurityException {
    if (!DERNull.INSTANCE.equals(algorithm.getParameters())) {
      throw new CsrException("RSA key with parameters (expected: NULL)");
    }
    RSAPublicKey key =
        (RSAPublicKey)
            KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(info.getEncoded()));
    int bits = key.getModulus().bitLength();
    if (bits < SHORTEST_RSA || bits > LONGEST_RSA) {
      throw new CsrException(
          "RSA key of %d bits (expected: %d to %d)".formatted(bits, SHORTEST_RSA, LONGEST_RSA));
    }
    requireSound(key);
    return key;
  }

  // CSR-9, all of it but Debian's weak keys, whose list we do not have (docs/threat-model.md).
  private static void requireSound(RSAPublicKey key) throws CsrException {
    BigInteger exponent = key.getPublicExponent();
    if (!exponent.testBit(0)
        || exponent.bitLength() < SHORTEST_EXPONENT
        || exponent.bitLength() > LONGEST_EXPONENT) {
      throw new CsrException(
          "RSA key with exponent %s (expected: odd, 65537 or more, at most %d bits)"
              .formatted(exponent, LONGEST_EXPONENT));
    }
    if (Roca.isWeak(key.getModulus())) {
      throw new CsrException("RSA key of a kind that can be factored (ROCA, CVE-2017-15361)");
    }
    if (WeakRsa.hasSmallFactor(key.getModulus())) {
      throw new CsrException("RSA key that has a small factor");
    }
    if (WeakRsa.hasCloseFactors(key.getModulus())) {
      throw new CsrException("RSA key whose two primes are too close to each other");
    }
  }

  private static void requirePossession(CertificationRequest request, PublicKey key)
      throws CsrException, IOException, GeneralSecurityException {
    ASN1ObjectIdentifier algorithm = request.getSignatureAlgorithm().getAlgorithm();
    String name = SIGNATURES.get(algorithm);
    if (name == null || !name.endsWith(key.getAlgorithm().equals("EC") ? "ECDSA" : "RSA")) {
      throw new CsrException(
          "signature algorithm %s (expected: SHA-256, 384 or 512 with the key's own kind)"
              .formatted(algorithm));
    }
    Signature verifier = Signature.getInstance(name);
    verifier.initVerify(key);
    verifier.update(request.getCertificationRequestInfo().getEncoded(ASN1Encoding.DER));
    if (!verifier.verify(request.getSignature().getOctets())) {
      throw new CsrException("the signature does not verify with the request's own key");
    }
  }

  private static Optional<String> uri(CertificationRequestInfo info, List<String> hosts)
      throws CsrException, IOException {
    Optional<Extensions> extensions = extensions(info);
    if (extensions.isEmpty()) {
      return Optional.empty();
    }
    for (ASN1ObjectIdentifier oid : extensions.get().getExtensionOIDs()) {
      if (!oid.equals(Extension.subjectAlternativeName)) {
        throw new CsrException("extension %s (expected: only a URI SAN)".formatted(oid));
      }
    }
    return Optional.of(
        onlyUri(extensions.get().getExtension(Extension.subjectAlternativeName), hosts));
  }

  // CSR-6: of two extension requests Bouncy Castle would silently take the first.
  private static Optional<Extensions> extensions(CertificationRequestInfo info)
      throws CsrException, IOException {
    if (info.getAttributes() == null || info.getAttributes().size() == 0) {
      return Optional.empty();
    }
    Attribute attribute = Attribute.getInstance(info.getAttributes().getObjectAt(0));
    if (info.getAttributes().size() > 1
        || !attribute.getAttrType().equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)
        || attribute.getAttrValues().size() != 1) {
      throw new CsrException("attributes (expected: at most one extension request)");
    }
    ASN1Primitive asked = attribute.getAttrValues().getObjectAt(0).toASN1Primitive();
    Extensions extensions = Extensions.getInstance(asked);
    // A default that is written out: only who knows the type sees that it is one.
    requireDer(extensions, asked.getEncoded(ASN1Encoding.DER));
    return Optional.of(extensions);
  }

  private static String onlyUri(Extension extension, List<String> hosts)
      throws CsrException, IOException {
    byte[] octets = extension.getExtnValue().getOctets();
    GeneralNames names = GeneralNames.getInstance(ASN1Primitive.fromByteArray(octets));
    requireDer(names, octets);
    List<GeneralName> all =
        Arrays.stream(names.getNames()).filter(name -> !isOneOf(hosts, name)).toList();
    if (all.size() != 1 || all.getFirst().getTagNo() != GeneralName.uniformResourceIdentifier) {
      throw new CsrException(
          "subject alternative names: %d, types %s (expected: one URI)"
              .formatted(
                  all.size(), all.stream().limit(MOST_SHOWN).map(GeneralName::getTagNo).toList()));
    }
    return requirePrintable(all.getFirst().getName().toString());
  }

  private static boolean isOneOf(List<String> hosts, GeneralName name) {
    return name.getTagNo() == GeneralName.dNSName && hosts.contains(name.getName().toString());
  }

  // It will stand in messages and logs, whatever it is.
  private static String requirePrintable(String uri) throws CsrException {
    if (uri.length() > LONGEST_URI || !uri.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new CsrException(
          "URI of %d characters (expected: printable ASCII, at most %d)"
              .formatted(uri.length(), LONGEST_URI));
    }
    return uri;
  }
}
