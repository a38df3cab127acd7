package io.signet.ca.x509;

import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** Writes PKCS#10 requests for the CA certificates that others sign for us (RFC 2986). */
public final class CsrBuilder {

  private CsrBuilder() {}

  /** The bytes that the key signs: what the template says, as a wish. */
  public static byte[] info(CertificateTemplate template) {
    return CertificateBuilder.der(
        new CertificationRequestInfo(
            CertificateBuilder.subject(template),
            SubjectPublicKeyInfo.getInstance(template.publicKey().getEncoded()),
            new DERSet(
                new Attribute(
                    PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
                    new DERSet(extensions(template).generate())))));
  }

  /** The request of these bytes and their signature, DER. */
  public static byte[] assemble(byte[] info, KeyAlgorithm algorithm, byte[] signature) {
    return CertificateBuilder.der(
        new CertificationRequest(
            CertificationRequestInfo.getInstance(info),
            CertificateBuilder.signatureAlgorithm(algorithm),
            new DERBitString(signature)));
  }

  private static ExtensionsGenerator extensions(CertificateTemplate template) {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    try {
      extensions.addExtension(
          Extension.basicConstraints, true, CertificateBuilder.basicConstraints(template));
      extensions.addExtension(
          Extension.keyUsage, true, CertificateBuilder.keyUsage(template.keyUsage()));
      extensions.addExtension(
          Extension.subjectAlternativeName, false, CertificateBuilder.names(template));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return extensions;
  }
}
