package io.signet.hsm;

import io.signet.hsm.CustodianEvent.Failed;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Optional;

/** A custodian whose every signature and failed call somebody is told of (KC-8). */
public final class WatchedKeyCustodian implements KeyCustodian {

  /** What is asked of the custodian. */
  @FunctionalInterface
  private interface Call<T> {
    T made() throws CustodyException;
  }

  private final KeyCustodian custodian;
  private final CustodianListener listener;

  /** Of this one, which is closed with it. */
  public WatchedKeyCustodian(KeyCustodian custodian, CustodianListener listener) {
    this.custodian = custodian;
    this.listener = listener;
  }

  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    return watched(() -> custodian.generate(label, algorithm)).watchedBy(listener);
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    return watched(() -> custodian.importKey(label, key)).watchedBy(listener);
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    return watched(() -> custodian.find(label)).map(key -> key.watchedBy(listener));
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    return watched(() -> custodian.find(publicKey)).map(key -> key.watchedBy(listener));
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    boolean _ =
        watched(() -> {
          custodian.destroy(key);
          return true;
        });
  }

  private <T> T watched(Call<T> call) throws CustodyException {
    try {
      return call.made();
    } catch (CustodyException e) {
      listener.happened(new Failed(e));
      throw e;
    }
  }

  @Override
  public CustodianStatus status() {
    return custodian.status();
  }

  @Override
  public void close() {
    custodian.close();
  }
}
