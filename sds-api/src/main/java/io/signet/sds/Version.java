package io.signet.sds;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Versions as SHA-256 of content, in lower-case hexadecimal. */
final class Version {
  private Version() {}

  static String ofCertificate(List<X509Certificate> chain, Optional<byte[]> staple) {
    return ofAll(
        Stream.concat(chain.stream().map(Version::of), staple.map(Version::sha256).stream()));
  }

  /** Of the sets of authorities and CRLs, domain by domain. */
  static String ofTrust(Collection<TrustAnchors> domains) {
    return domains.stream().map(Version::of).collect(Collectors.joining(" "));
  }

  private static String of(TrustAnchors anchors) {
    return String.join(
        ":",
        anchors.name(),
        ofAll(anchors.bundle().authorities().stream().map(Version::of).distinct().sorted()),
        ofAll(anchors.crls().stream().map(Version::of).distinct().sorted()));
  }

  /** Keys are random and long: their digest leads nobody to them. */
  static String ofKeys(List<SecretBytes> keys) {
    return ofAll(keys.stream().map(Version::of));
  }

  private static String of(SecretBytes key) {
    byte[] revealed = key.reveal(SecretAccess.grant());
    try {
      return sha256(revealed);
    } finally {
      Arrays.fill(revealed, (byte) 0);
    }
  }

  /** The only version itself, or one for all of them in any order. */
  static String ofResponse(Collection<String> versions) {
    return versions.size() == 1 ? versions.iterator().next() : ofAll(versions.stream().sorted());
  }

  static String ofText(String text) {
    return sha256(text.getBytes(UTF_8));
  }

  // Of digests of equal length, so that no two lists run into the same bytes.
  private static String ofAll(Stream<String> digests) {
    return ofText(digests.collect(Collectors.joining()));
  }

  private static String of(X509Certificate certificate) {
    try {
      return sha256(certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("certificate: cannot be encoded", e);
    }
  }

  private static String of(X509CRL crl) {
    try {
      return sha256(crl.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("CRL: cannot be encoded", e);
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
