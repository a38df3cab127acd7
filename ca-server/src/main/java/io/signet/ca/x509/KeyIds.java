package io.signet.ca.x509;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;

/** Key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2). */
public final class KeyIds {

  private static final int LENGTH = 20;

  private KeyIds() {}

  /**
   * What names the key of this issuer in what it signs: the identifier in its certificate, which
   * another CA may have computed in another way, or ours if it has none.
   */
  public static byte[] of(X509Certificate issuer) {
    byte @Nullable [] named = issuer.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    if (named == null) {
      return of(issuer.getPublicKey());
    }
    byte[] extension = ASN1OctetString.getInstance(named).getOctets();
    return SubjectKeyIdentifier.getInstance(extension).getKeyIdentifier();
  }

  /**
   * The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093, method 1): computable where
   * SHA-1 is not allowed (PROF-5).
   */
  public static byte[] of(PublicKey key) {
    byte[] bits = SubjectPublicKeyInfo.getInstance(key.getEncoded()).getPublicKeyData().getOctets();
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bits), LENGTH);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
