package io.signet.ca.authority;

import io.signet.hsm.CustodyException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;

/**
 * A CA elsewhere that signs our issuing authorities, so that no root key is ours to keep. Leaves it
 * never signs: each would be a call, and their record not ours (VPKI-3). May be asked by one thread
 * at a time.
 */
public interface UpstreamCa extends AutoCloseable {

  /**
   * What is asked for: a CA that signs leaves only.
   *
   * @param request PKCS#10, DER; it proves that the key is ours
   * @param name the common name that it asks for
   * @param lifetime as long as it shall live; it may get less, or more
   */
  record Wish(byte[] request, String name, Duration lifetime) {}

  /**
   * Has a certificate signed.
   *
   * @return the certificate and those above it, in any order, with or without roots. Nobody has
   *     looked at them: whether they are what was asked for is for the caller to find out (VPKI-2)
   * @throws CustodyException as a custodian does, with the same meaning
   */
  List<X509Certificate> certify(Wish wish) throws CustodyException;

  @Override
  void close();
}
