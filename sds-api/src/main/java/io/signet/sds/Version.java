package io.signet.sds;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;

/** Versions as SHA-256 of content, in lower-case hexadecimal. */
final class Version {
  private Version() {}

  static String ofOrdered(List<X509Certificate> certificates) {
    return ofAll(certificates.stream().map(Version::of).toList());
  }

  static String ofSet(List<X509Certificate> certificates) {
    return ofAll(certificates.stream().map(Version::of).distinct().sorted().toList());
  }

  /** The only version itself, or one for all of them in any order. */
  static String ofResponse(Collection<String> versions) {
    return versions.size() == 1
        ? versions.iterator().next()
        : ofAll(versions.stream().sorted().toList());
  }

  // Of digests of equal length, so that no two lists run into the same bytes.
  private static String ofAll(Collection<String> digests) {
    return sha256(String.join("", digests).getBytes(UTF_8));
  }

  private static String of(X509Certificate certificate) {
    try {
      return sha256(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("certificate: cannot be encoded", e);
    }
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
