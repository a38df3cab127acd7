package io.signet.hsm;

import java.security.PublicKey;
import java.util.Arrays;

/** What is said of public keys, whoever made the objects. */
public final class PublicKeys {

  private PublicKeys() {}

  /**
   * Whether both are the same key, by the SubjectPublicKeyInfo: keys of two JCA providers are not
   * always equal.
   */
  public static boolean same(PublicKey one, PublicKey other) {
    return Arrays.equals(one.getEncoded(), other.getEncoded());
  }
}
