package io.signet.spiffe;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What this package asks of the JDK's certificates, without its checked exceptions. */
final class Certificates {
  /** Positions in {@link X509Certificate#getKeyUsage()} (RFC 5280, section 4.2.1.3). */
  static final int DIGITAL_SIGNATURE = 0;

  static final int KEY_CERT_SIGN = 5;
  static final int CRL_SIGN = 6;

  static final String KEY_USAGE = "2.5.29.15";

  private static final int URI = 6; // RFC 5280, 4.2.1.6: uniformResourceIdentifier [6]

  private Certificates() {}

  /** Exactly one certificate in DER; bytes after it are refused, not skipped. */
  static X509Certificate parse(byte[] der) {
    try {
      var parsed = (X509Certificate) factory().generateCertificate(new ByteArrayInputStream(der));
      if (!Arrays.equals(parsed.getEncoded(), der)) {
        throw new IllegalArgumentException("certificate: not exactly one DER structure");
      }
      return parsed;
    } catch (CertificateException e) {
      throw new IllegalArgumentException("certificate: malformed: " + e.getMessage(), e);
    }
  }

  static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("certificate: cannot be encoded", e);
    }
  }

  static CertificateFactory factory() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (CertificateException e) {
      throw new IllegalStateException("every Java platform has X.509", e);
    }
  }

  static boolean isCa(X509Certificate certificate) {
    return certificate.getBasicConstraints() >= 0;
  }

  /** Whether the key may do this; a certificate without key usage may do nothing. */
  static boolean allows(X509Certificate certificate, int usage) {
    boolean[] usages = certificate.getKeyUsage();
    return usages != null && usages[usage];
  }

  static boolean isCritical(X509Certificate certificate, String extension) {
    Set<String> critical = certificate.getCriticalExtensionOIDs();
    return critical != null && critical.contains(extension);
  }

  /** The URIs among the subject alternative names. */
  static List<String> uris(X509Certificate certificate) {
    Collection<List<?>> names = alternativeNames(certificate);
    if (names == null) {
      return List.of();
    }
    return names.stream()
        .filter(name -> name.getFirst().equals(URI))
        .map(name -> (String) name.get(1))
        .toList();
  }

  private static @Nullable Collection<List<?>> alternativeNames(X509Certificate certificate) {
    try {
      return certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      throw new IllegalArgumentException("certificate: malformed subject alternative names", e);
    }
  }
}
