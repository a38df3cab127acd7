package io.signet.ca.signing;

import io.signet.hsm.KeyHandle;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;

/**
 * A key that signs certificates, and the certificate that says so.
 *
 * <p>Key and certificate belong together (KC-2): a pair that does not cannot be made.
 */
public record Authority(KeyHandle key, X509Certificate certificate) {

  public Authority {
    if (!Arrays.equals(key.publicKey().getEncoded(), certificate.getPublicKey().getEncoded())) {
      throw new IllegalArgumentException(
          "key %s is not the key of certificate \"%s\""
              .formatted(key.label(), certificate.getSubjectX500Principal()));
    }
  }

  public Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }
}
