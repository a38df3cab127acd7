package io.signet.ca.x509;

import io.signet.hsm.KeyAlgorithm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.jspecify.annotations.Nullable;

/** Writes CRLs down as the bytes to be signed, puts bytes and signature together, reads them. */
public final class Crls {

  private static final ASN1Integer V2 = new ASN1Integer(1);

  private Crls() {}

  /** The bytes to sign (RFC 5280, 5.1.2). */
  public static byte[] tbs(CrlTemplate template, KeyAlgorithm algorithm) {
    ASN1EncodableVector list = new ASN1EncodableVector();
    list.add(V2);
    list.add(CertificateBuilder.signatureAlgorithm(algorithm));
    list.add(X500Name.getInstance(template.issuer().getSubjectX500Principal().getEncoded()));
    list.add(CertificateBuilder.time(template.thisUpdate()));
    list.add(CertificateBuilder.time(template.nextUpdate()));
    if (!template.entries().isEmpty()) { // 5.1.2.6: or it must be absent
      list.add(entries(template));
    }
    list.add(new DERTaggedObject(true, 0, extensions(template)));
    return CertificateBuilder.der(new DERSequence(list));
  }

  private static DERSequence entries(CrlTemplate template) {
    ASN1EncodableVector entries = new ASN1EncodableVector(template.entries().size());
    template.entries().forEach(entry -> entries.add(entry(entry)));
    return new DERSequence(entries);
  }

  private static DERSequence entry(CrlTemplate.Entry entry) {
    ASN1EncodableVector parts = new ASN1EncodableVector();
    parts.add(new ASN1Integer(entry.serial().value()));
    parts.add(CertificateBuilder.time(entry.at()));
    if (entry.reason() != RevocationReason.UNSPECIFIED) { // 5.3.1: or it should be absent
      parts.add(reason(entry.reason()));
    }
    return new DERSequence(parts);
  }

  private static Extensions reason(RevocationReason reason) {
    byte[] code = CertificateBuilder.der(CRLReason.lookup(reason.code()));
    return new Extensions(new Extension(Extension.reasonCode, false, code));
  }

  private static Extensions extensions(CrlTemplate template) {
    try {
      ExtensionsGenerator extensions = new ExtensionsGenerator();
      extensions.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new AuthorityKeyIdentifier(KeyIds.of(template.issuer())));
      extensions.addExtension(Extension.cRLNumber, false, new ASN1Integer(template.number()));
      return extensions.generate();
    } catch (IOException e) {
      throw new IllegalStateException("numbers and octets can be encoded", e);
    }
  }

  /** The CRL of these bytes and their signature, read back by the JDK's own parser. */
  public static X509CRL assemble(byte[] tbs, KeyAlgorithm algorithm, byte[] signature) {
    try {
      return parse(CertificateBuilder.sequence(tbs, algorithm, signature));
    } catch (IOException | CRLException e) {
      throw new IllegalStateException("a CRL that we built does not parse: " + e.getMessage(), e);
    }
  }

  /**
   * Reads one that is DER.
   *
   * @throws CRLException if it is not
   */
  public static X509CRL parse(byte[] der) throws CRLException {
    try {
      return (X509CRL)
          CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("every Java platform has X.509", e);
    }
  }

  /** The number that it has; empty if it has none, or one that no CRL of ours has. */
  public static Optional<Long> number(X509CRL crl) {
    return extension(crl, Extension.cRLNumber.getId())
        .map(value -> ASN1Integer.getInstance(value).getValue())
        .filter(number -> number.bitLength() < Long.SIZE)
        .map(number -> number.longValue());
  }

  /** What names the key that signed it; empty if nothing does. */
  public static Optional<byte[]> authorityKeyId(X509CRL crl) {
    return extension(crl, Extension.authorityKeyIdentifier.getId())
        .flatMap(value ->
            Optional.ofNullable(
                AuthorityKeyIdentifier.getInstance(value).getKeyIdentifierOctets()));
  }

  private static Optional<byte[]> extension(X509CRL crl, String id) {
    byte @Nullable [] value = crl.getExtensionValue(id);
    return value == null
        ? Optional.empty()
        : Optional.of(ASN1OctetString.getInstance(value).getOctets());
  }
}
