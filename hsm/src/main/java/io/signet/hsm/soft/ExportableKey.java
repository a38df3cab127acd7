package io.signet.hsm.soft;

import io.signet.hsm.KeyAlgorithm;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;

/**
 * A key that is made to be handed over: a workload's own, or that of a TLS server. Never an
 * authority's. Immutable.
 */
public final class ExportableKey {

  private final KeyPair pair;

  private ExportableKey(KeyPair pair) {
    this.pair = pair;
  }

  /** Makes a new key. */
  public static ExportableKey generate(KeyAlgorithm algorithm) {
    return new ExportableKey(SoftKey.newPair(algorithm));
  }

  public PublicKey publicKey() {
    return pair.getPublic();
  }

  public PrivateKey privateKey() {
    return pair.getPrivate();
  }

  /** The private key as PKCS#8 DER; the caller wraps it or wipes it. */
  public byte[] pkcs8() {
    return pair.getPrivate().getEncoded();
  }

  @Override
  public String toString() {
    return "ExportableKey[" + pair.getPublic().getAlgorithm() + "]";
  }
}
