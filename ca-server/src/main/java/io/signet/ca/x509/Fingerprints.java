package io.signet.ca.x509;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Names of certificates that only they can have. */
public final class Fingerprints {

  private Fingerprints() {}

  /**
   * SHA-256 of the whole certificate, 64 lower-case hexadecimal digits, as {@code openssl x509
   * -outform DER | sha256sum} prints it.
   */
  public static String of(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read can be encoded", e);
    }
  }
}
