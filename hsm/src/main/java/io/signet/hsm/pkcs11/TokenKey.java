package io.signet.hsm.pkcs11;

import java.security.PublicKey;
import java.util.Arrays;

/**
 * A key pair as SunPKCS11 shows it: under the label of its certificate.
 *
 * @param alias the certificate's label, or {@code label/issuer/serial} when several have it
 *     (P11-11)
 * @param publicKey from the certificate, a key of this process
 */
record TokenKey(String alias, PublicKey publicKey) {

  // A key label itself has no slash.
  String label() {
    int slash = alias.indexOf('/');
    return slash < 0 ? alias : alias.substring(0, slash);
  }

  boolean isOf(PublicKey other) {
    return Arrays.equals(publicKey.getEncoded(), other.getEncoded());
  }
}
