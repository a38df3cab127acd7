package io.signet.ca.x509;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;

/**
 * Makes PKCS#10 requests, good ones and ones that are wrong in exactly one point; the signature of
 * each is valid unless that is the point.
 */
final class Csrs {

  static final String ID = "spiffe://example.org/ns/shop/sa/cart";
  static final Provider BC = new BouncyCastleProvider();
  static final KeyPair P256 = ec("secp256r1");
  static final KeyPair RSA_2048 = rsa(2048, RSAKeyGenParameterSpec.F4);

  private static final Map<String, String> USUAL =
      Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA");

  private KeyPair keys = P256;
  private int version;
  private X500Name subject = new X500Name(new org.bouncycastle.asn1.x500.RDN[0]);
  private Optional<SubjectPublicKeyInfo> spki = Optional.empty();
  private Optional<List<ASN1Encodable>> attributes = Optional.of(List.of(asks(uri(true, ID))));
  private Optional<String> signatureName = Optional.empty();
  private Optional<AlgorithmIdentifier> signatureAlgorithm = Optional.empty();
  private int signaturePadding;

  private Csrs() {}

  /** What ztunnel sends: empty subject, one critical URI SAN, P-256 (ISTIO-18). */
  static Csrs good() {
    return new Csrs();
  }

  Csrs keys(KeyPair other) {
    keys = other;
    return this;
  }

  Csrs version(int other) {
    version = other;
    return this;
  }

  Csrs subject(X500Name other) {
    subject = other;
    return this;
  }

  /** The same key, described in another way. */
  Csrs keyParameters(AlgorithmIdentifier algorithm) {
    byte[] bits = spki(keys).getPublicKeyData().getOctets();
    spki = Optional.of(new SubjectPublicKeyInfo(algorithm, bits));
    return this;
  }

  /** Another description of the key; what signs is still the private one. */
  Csrs publicKey(SubjectPublicKeyInfo other) {
    spki = Optional.of(other);
    return this;
  }

  Csrs attributes(ASN1Encodable... others) {
    attributes = Optional.of(List.of(others));
    return this;
  }

  Csrs extensions(Extension... others) {
    return attributes(asks(others));
  }

  Csrs names(GeneralName... names) {
    return extensions(san(true, names));
  }

  Csrs withoutAttributes() {
    attributes = Optional.empty();
    return this;
  }

  Csrs signedBy(String name) {
    signatureName = Optional.of(name);
    return this;
  }

  /** Says that it is signed by another algorithm than it is. */
  Csrs claims(AlgorithmIdentifier algorithm) {
    signatureAlgorithm = Optional.of(algorithm);
    return this;
  }

  /** Says that the last bits of the signature, of which there are so many, do not count. */
  Csrs signaturePadding(int bits) {
    signaturePadding = bits;
    return this;
  }

  PublicKey publicKey() {
    return keys.getPublic();
  }

  byte[] der() {
    try {
      String name = signatureName.orElseGet(() -> usual(keys));
      byte[] info = new DERSequence(info()).getEncoded(ASN1Encoding.DER);
      ASN1EncodableVector request = new ASN1EncodableVector();
      request.add(new DERSequence(info()));
      request.add(signatureAlgorithm.orElseGet(() -> algorithm(name)));
      request.add(new DERBitString(sign(name, info), signaturePadding));
      return new DERSequence(request).getEncoded(ASN1Encoding.DER);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AlgorithmIdentifier algorithm(String signature) {
    return signature.equals("MD4withRSA")
        ? nullParameters(PKCSObjectIdentifiers.md4WithRSAEncryption)
        : new DefaultSignatureAlgorithmIdentifierFinder().find(signature);
  }

  private static String usual(KeyPair keys) {
    return USUAL.getOrDefault(keys.getPublic().getAlgorithm(), keys.getPublic().getAlgorithm());
  }

  private ASN1EncodableVector info() {
    ASN1EncodableVector info = new ASN1EncodableVector();
    info.add(new ASN1Integer(version));
    info.add(subject);
    info.add(spki.orElseGet(() -> spki(keys)));
    attributes.ifPresent(all ->
        info.add(new DERTaggedObject(false, 0, new DERSet(all.toArray(ASN1Encodable[]::new)))));
    return info;
  }

  private byte[] sign(String name, byte[] info) throws GeneralSecurityException {
    Signature signer = signer(name);
    signer.initSign(keys.getPrivate());
    signer.update(info);
    return signer.sign();
  }

  // MD4 and secp256k1 are what the JDK no longer has.
  private Signature signer(String name) throws GeneralSecurityException {
    boolean old =
        name.startsWith("MD4") || keys.getPrivate().getClass().getName().contains("bounc");
    return old ? Signature.getInstance(name, BC) : Signature.getInstance(name);
  }

  static Attribute asks(Extension... extensions) {
    return new Attribute(
        PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, new DERSet(new DERSequence(extensions)));
  }

  static Extension uri(boolean critical, String uri) {
    return san(critical, new GeneralName(GeneralName.uniformResourceIdentifier, uri));
  }

  static Extension san(boolean critical, GeneralName... names) {
    return extension(Extension.subjectAlternativeName, critical, new GeneralNames(names));
  }

  static Extension extension(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    try {
      return new Extension(oid, critical, value.toASN1Primitive().getEncoded(ASN1Encoding.DER));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static Attribute challengePassword() {
    return new Attribute(
        PKCSObjectIdentifiers.pkcs_9_at_challengePassword, new DERSet(new DERUTF8String("x")));
  }

  static AlgorithmIdentifier nullParameters(ASN1ObjectIdentifier oid) {
    return new AlgorithmIdentifier(oid, DERNull.INSTANCE);
  }

  static SubjectPublicKeyInfo spki(KeyPair keys) {
    return SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded());
  }

  static KeyPair ec(String curve) {
    return keys("EC", new ECGenParameterSpec(curve));
  }

  static KeyPair rsa(int bits, BigInteger exponent) {
    return keys("RSA", new RSAKeyGenParameterSpec(bits, exponent));
  }

  private static KeyPair keys(String family, AlgorithmParameterSpec spec) {
    try {
      KeyPairGenerator generator =
          spec instanceof ECGenParameterSpec ec && ec.getName().equals("secp256k1")
              ? KeyPairGenerator.getInstance(family, BC)
              : KeyPairGenerator.getInstance(family);
      generator.initialize(spec);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static KeyPair keys(String family) {
    try {
      return KeyPairGenerator.getInstance(family).generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** DER whose outermost length is written without need in one octet more. */
  static byte[] nonMinimalLength(byte[] der) {
    // 30 82 hh ll -> 30 83 00 hh ll
    byte[] longer = new byte[der.length + 1];
    longer[0] = der[0];
    longer[1] = (byte) 0x83;
    System.arraycopy(der, 2, longer, 3, der.length - 2);
    return longer;
  }

  /** The same content with the outermost length left open. */
  static byte[] indefiniteLength(byte[] der) {
    byte[] open = Arrays.copyOf(der, der.length);
    byte[] result = new byte[open.length - 4 + 2 + 2];
    result[0] = open[0];
    result[1] = (byte) 0x80;
    System.arraycopy(open, 4, result, 2, open.length - 4);
    return result;
  }
}
