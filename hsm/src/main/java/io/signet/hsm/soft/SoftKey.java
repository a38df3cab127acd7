package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.concurrent.atomic.AtomicReference;

/** A private key in this process and the handle that signs with it, until it is withdrawn. */
final class SoftKey {

  private sealed interface State {}

  // No record: a record prints its parts, and JDK keys have printed their bits.
  private static final class Usable implements State {
    final PrivateKey key;

    Usable(PrivateKey key) {
      this.key = key;
    }
  }

  private record Withdrawn(Fault fault, String why) implements State {}

  private final KeyHandle handle;
  private final AtomicReference<State> state;

  SoftKey(KeyLabel label, KeyAlgorithm algorithm, KeyPair pair) {
    this.handle = new KeyHandle(label, algorithm, pair.getPublic(), this::sign);
    this.state = new AtomicReference<>(new Usable(pair.getPrivate()));
  }

  static SoftKey generate(KeyLabel label, KeyAlgorithm algorithm) {
    return new SoftKey(label, algorithm, newPair(algorithm));
  }

  static SoftKey imported(ForeignKey key) {
    return new SoftKey(
        key.label(), key.algorithm(), new KeyPair(key.publicKey(), key.privateKey()));
  }

  static KeyPair newPair(KeyAlgorithm algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
      generator.initialize(algorithm.generation());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes keys of kind " + algorithm, e);
    }
  }

  KeyHandle handle() {
    return handle;
  }

  KeyLabel label() {
    return handle.label();
  }

  /** PKCS#8; the caller wipes it. */
  byte[] encoded() throws CustodyException {
    return usable().getEncoded();
  }

  /** Drops the private key; from now on the handle refuses with this. */
  void withdraw(Fault fault, String why) {
    state.set(new Withdrawn(fault, why));
  }

  private PrivateKey usable() throws CustodyException {
    return switch (state.get()) {
      case Usable usable -> usable.key;
      case Withdrawn(Fault fault, String why) ->
          throw new CustodyException(fault, "key " + label() + ": " + why);
    };
  }

  private byte[] sign(byte[] message) throws CustodyException {
    PrivateKey key = usable();
    String name = handle.algorithm().signatureName();
    try {
      Signature signature = Signature.getInstance(name);
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new CustodyException(Fault.FATAL, "key " + label() + ": cannot make " + name, e);
    }
  }
}
