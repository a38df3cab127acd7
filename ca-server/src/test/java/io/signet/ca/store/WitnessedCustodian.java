package io.signet.ca.store;

import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Optional;

/** A real custodian, and somebody who is told of each signature before it is handed out. */
record WitnessedCustodian(KeyCustodian real, Witness witness) implements KeyCustodian {

  /** Who is told. */
  @FunctionalInterface
  interface Witness {
    void signed(byte[] message, byte[] signature);
  }

  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    return witnessed(real.generate(label, algorithm));
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    return witnessed(real.importKey(label, key));
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    return real.find(label).map(this::witnessed);
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    return real.find(publicKey).map(this::witnessed);
  }

  private KeyHandle witnessed(KeyHandle key) {
    return new KeyHandle(
        key.label(),
        key.algorithm(),
        key.publicKey(),
        message -> {
          byte[] signature = key.sign(message);
          witness.signed(message, signature);
          return signature;
        });
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    real.destroy(key);
  }

  @Override
  public CustodianStatus status() {
    return real.status();
  }

  @Override
  public void close() {
    real.close();
  }
}
