package io.signet.hsm;

import static java.util.Objects.requireNonNull;

import io.signet.hsm.CustodianEvent.Failed;
import io.signet.hsm.CustodianEvent.Signed;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Duration;

/**
 * The power to sign with one key of a custodian. Every signature is verified with the public key
 * before it is handed out (KC-1): neither a JCA provider nor a device is trusted to have signed
 * right. The first signature that does not verify takes the key out of use for good.
 *
 * <p>Safe for use by many threads as far as the custodian's {@link Signer} is.
 */
public final class KeyHandle {

  /** How a custodian signs with this key. Safe for use by many threads. */
  @FunctionalInterface
  public interface Signer {

    /**
     * Signs the whole message by the key's {@link KeyAlgorithm#signatureName()}; an ECDSA signature
     * is DER. Whether it verifies is not for the signer to say.
     *
     * @param message the signer's to read, not to change or keep
     * @throws CustodyException {@link Fault#REJECTED} when the key was destroyed, {@link
     *     Fault#LOST} when the custodian is closed or its device gone, and any other {@link Fault}
     *     but {@link Fault#BROKEN}
     */
    byte[] sign(byte[] message) throws CustodyException;
  }

  private final KeyLabel label;
  private final KeyAlgorithm algorithm;
  private final PublicKey publicKey;
  private final Signer signer;
  private volatile boolean broken;
  private volatile CustodianListener listener = CustodianListener.NONE;

  public KeyHandle(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey, Signer signer) {
    this.label = requireNonNull(label, "label");
    this.algorithm = requireNonNull(algorithm, "algorithm");
    this.publicKey = requireNonNull(publicKey, "publicKey");
    this.signer = requireNonNull(signer, "signer");
  }

  /** From now on this one, and no other, is told of each signature and each failure. */
  KeyHandle watchedBy(CustodianListener onlooker) {
    listener = onlooker;
    return this;
  }

  public KeyLabel label() {
    return label;
  }

  public KeyAlgorithm algorithm() {
    return algorithm;
  }

  public PublicKey publicKey() {
    return publicKey;
  }

  /** Whether it may still sign; false for good after a signature that did not verify (KC-1). */
  public boolean inUse() {
    return !broken;
  }

  /**
   * Signs the message by {@link KeyAlgorithm#signatureName()}; an ECDSA signature is DER.
   *
   * @param message read once: what happens to it during the call changes nothing
   * @throws CustodyException {@link Fault#BROKEN} when the custodian's signature does not verify,
   *     now or earlier; {@link Fault#REJECTED} when the key was destroyed; {@link Fault#LOST} when
   *     the custodian is closed or its device gone; {@link Fault#BUSY} when it has no time for this
   *     call; {@link Fault#DENIED} when policy forbids the use; {@link Fault#FATAL} when only a
   *     restart helps
   */
  public byte[] sign(byte[] message) throws CustodyException {
    long begin = System.nanoTime();
    try {
      byte[] signature = verified(message);
      listener.happened(new Signed(Duration.ofNanos(System.nanoTime() - begin)));
      return signature;
    } catch (CustodyException e) {
      listener.happened(new Failed(e));
      throw e;
    }
  }

  private byte[] verified(byte[] message) throws CustodyException {
    if (broken) {
      throw outOfUse();
    }
    byte[] signed =
        message.clone(); // what is verified is what was signed, or honest keys look broken
    byte[] signature = signer.sign(signed);
    if (!verifies(signed, signature)) {
      broken = true;
      throw outOfUse();
    }
    return signature;
  }

  private boolean verifies(byte[] message, byte[] signature) throws CustodyException {
    try {
      Signature verifier = Signature.getInstance(algorithm.signatureName());
      verifier.initVerify(publicKey);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (java.security.SignatureException malformed) {
      return false;
    } catch (GeneralSecurityException e) {
      throw new CustodyException(
          Fault.FATAL, "key " + label + ": cannot verify " + algorithm.signatureName(), e);
    }
  }

  private CustodyException outOfUse() {
    return new CustodyException(
        Fault.BROKEN,
        "key " + label + ": a signature did not verify with its public key; the key is out of use");
  }

  @Override
  public String toString() {
    return "KeyHandle[" + label + ", " + algorithm + "]";
  }
}
