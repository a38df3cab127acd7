package io.signet.ca.x509;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequenceGenerator;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.util.IPAddress;

/** Writes a template down as the bytes to be signed, and puts bytes and signature together. */
public final class CertificateBuilder {

  private static final Instant FOUR_DIGITS = Instant.parse("2050-01-01T00:00:00Z");
  private static final DateTimeFormatter UTC_TIME = utc("yyMMddHHmmss'Z'");
  private static final DateTimeFormatter GENERALIZED_TIME = utc("uuuuMMddHHmmss'Z'");

  private CertificateBuilder() {}

  private static DateTimeFormatter utc(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
  }

  /** The bytes to sign, for the issuer whose certificate this is. */
  public static byte[] tbs(
      CertificateTemplate template,
      SerialNumber serial,
      X509Certificate issuer,
      KeyAlgorithm algorithm) {
    X500Name name = X500Name.getInstance(issuer.getSubjectX500Principal().getEncoded());
    return tbs(template, serial, name, KeyIds.of(issuer), algorithm);
  }

  /** The bytes that the key in the template signs for itself. */
  public static byte[] selfSignedTbs(
      CertificateTemplate template, SerialNumber serial, KeyAlgorithm algorithm) {
    byte[] issuerId = KeyIds.of(template.publicKey());
    return tbs(template, serial, subject(template), issuerId, algorithm);
  }

  private static byte[] tbs(
      CertificateTemplate template,
      SerialNumber serial,
      X500Name issuer,
      byte[] issuerId,
      KeyAlgorithm algorithm) {
    V3TBSCertificateGenerator tbs = new V3TBSCertificateGenerator();
    tbs.setSerialNumber(new ASN1Integer(serial.value()));
    tbs.setSignature(signatureAlgorithm(algorithm));
    tbs.setIssuer(issuer);
    tbs.setStartDate(time(template.notBefore()));
    tbs.setEndDate(time(template.notAfter()));
    tbs.setSubject(subject(template));
    tbs.setSubjectPublicKeyInfo(
        SubjectPublicKeyInfo.getInstance(template.publicKey().getEncoded()));
    tbs.setExtensions(extensions(template, issuerId));
    return der(tbs.generateTBSCertificate());
  }

  /** The certificate of these bytes and their signature, read back by the JDK's own parser. */
  public static X509Certificate assemble(byte[] tbs, KeyAlgorithm algorithm, byte[] signature) {
    try {
      byte[] certificate = sequence(tbs, algorithm, signature);
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(certificate));
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException(
          "a certificate that we built does not parse: " + e.getMessage(), e);
    }
  }

  static byte[] sequence(byte[] tbs, KeyAlgorithm algorithm, byte[] signature) throws IOException {
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    DERSequenceGenerator parts = new DERSequenceGenerator(der);
    parts.getRawOutputStream().write(tbs); // as they are: to read them would be to trust it
    parts.addObject(signatureAlgorithm(algorithm));
    parts.addObject(new DERBitString(signature));
    parts.close();
    return der.toByteArray();
  }

  static AlgorithmIdentifier signatureAlgorithm(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case EC_P256 -> new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
      case EC_P384 -> new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA384);
      case RSA_2048, RSA_3072, RSA_4096 ->
          new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
    };
  }

  static X500Name subject(CertificateTemplate template) {
    X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
    template
        .subject()
        .ifPresent(common -> name.addRDN(BCStyle.O, "Signet").addRDN(BCStyle.CN, common));
    return name.build();
  }

  // RFC 5280, 4.1.2.5: two digits of the year through 2049, four from then on.
  static Time time(Instant instant) {
    return instant.isBefore(FOUR_DIGITS)
        ? new Time(new DERUTCTime(UTC_TIME.format(instant)))
        : new Time(new DERGeneralizedTime(GENERALIZED_TIME.format(instant)));
  }

  private static Extensions extensions(CertificateTemplate template, byte[] issuerId) {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    try {
      extensions.addExtension(Extension.keyUsage, true, keyUsage(template.keyUsage()));
      extensions.addExtension(Extension.basicConstraints, true, basicConstraints(template));
      if (!template.authority()) {
        extensions.addExtension(Extension.extendedKeyUsage, false, serverAndClient());
      }
      extensions.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new SubjectKeyIdentifier(KeyIds.of(template.publicKey())));
      extensions.addExtension(
          Extension.authorityKeyIdentifier, false, new AuthorityKeyIdentifier(issuerId));
      // Critical where there is no subject to read instead (SPIFFE-20).
      extensions.addExtension(
          Extension.subjectAlternativeName, template.subject().isEmpty(), names(template));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return extensions.generate();
  }

  static DERBitString keyUsage(Set<KeyUsage> usages) {
    int bits = 0;
    for (KeyUsage usage : usages) {
      bits |= 0x80 >> usage.bit();
    }
    return new DERBitString(
        new byte[] {(byte) bits}, Integer.numberOfTrailingZeros(bits | 0x100) & 7);
  }

  static BasicConstraints basicConstraints(CertificateTemplate template) {
    return template.pathLength().isPresent()
        ? new BasicConstraints(template.pathLength().getAsInt())
        : new BasicConstraints(template.authority());
  }

  private static ExtendedKeyUsage serverAndClient() {
    return new ExtendedKeyUsage(
        new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth});
  }

  static GeneralNames names(CertificateTemplate template) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, template.id().toString()));
    for (String host : template.hosts()) {
      int type = IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName;
      names.add(new GeneralName(type, host));
    }
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  static byte[] der(ASN1Object object) {
    try {
      return object.getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
