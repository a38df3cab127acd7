package io.signet.ca.tls;

import io.signet.spiffe.SerialNumber;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What the server shows of itself in a TLS handshake, on any listener.
 *
 * @param chain the leaf first, then the issuing authorities; never empty
 * @param key of the leaf; in memory, because TLS in native code reads its bytes
 */
public record ServingCertificate(List<X509Certificate> chain, PrivateKey key) {
  public ServingCertificate {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("serving certificate: empty chain (expected: a leaf)");
    }
  }

  /** The chain only; a key is never printed. */
  @Override
  public String toString() {
    return "ServingCertificate[serial %s, expires %s]"
        .formatted(SerialNumber.of(chain.getFirst()), chain.getFirst().getNotAfter().toInstant());
  }
}
