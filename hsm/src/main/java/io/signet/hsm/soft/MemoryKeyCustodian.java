package io.signet.hsm.soft;

import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodyException;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.Optional;

/**
 * Keeps keys in the memory of this process only: they end with it, or with {@link #close()}. Meant
 * for issuing authorities, which are short-lived and renewed by themselves.
 *
 * <p>Safe for use by many threads. Signatures run in the caller's thread and never wait.
 */
public final class MemoryKeyCustodian implements KeyCustodian {

  private final KeyRing ring = new KeyRing();

  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    // Asked twice: an RSA key takes seconds to make, and two callers may make one at once.
    ring.requireFree(label);
    return ring.add(SoftKey.generate(label, algorithm));
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    return ring.add(SoftKey.imported(ForeignKey.of(label, key)));
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    return ring.find(label);
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    return ring.find(publicKey);
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    ring.remove(key);
  }

  @Override
  public CustodianStatus status() {
    return CustodianStatus.IN_PROCESS;
  }

  /** Forgets every key. */
  @Override
  public void close() {
    ring.close();
  }
}
