package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import java.security.PublicKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The keys of a custodian without a device, by label; the one place where they come and go. Signing
 * takes no lock of it.
 */
final class KeyRing {

  private static final String CLOSED = "the custodian is closed";

  private final Map<KeyLabel, SoftKey> keys = new LinkedHashMap<>();
  private boolean closed;

  synchronized KeyHandle add(SoftKey key) throws CustodyException {
    requireRoom(key);
    keys.put(key.label(), key);
    return key.handle();
  }

  synchronized void requireFree(KeyLabel label) throws CustodyException {
    requireOpen();
    if (keys.containsKey(label)) {
      throw new CustodyException(Fault.REJECTED, "key " + label + ": the label is taken");
    }
  }

  /** Also of another label the ring has no key twice. */
  synchronized void requireRoom(SoftKey key) throws CustodyException {
    requireFree(key.label());
    Optional<KeyHandle> same = find(key.handle().publicKey());
    if (same.isPresent()) {
      throw new CustodyException(
          Fault.REJECTED,
          "key %s: it is there already, under the label %s"
              .formatted(key.label(), same.get().label()));
    }
  }

  synchronized Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    requireOpen();
    return Optional.ofNullable(keys.get(label)).map(SoftKey::handle);
  }

  synchronized Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    requireOpen();
    return keys.values().stream()
        .map(SoftKey::handle)
        .filter(handle -> PublicKeys.same(handle.publicKey(), publicKey))
        .findFirst();
  }

  synchronized List<SoftKey> all() throws CustodyException {
    requireOpen();
    return List.copyOf(keys.values());
  }

  /** Another key that has taken over the label is not touched. */
  synchronized void remove(KeyHandle handle) throws CustodyException {
    requireOpen();
    SoftKey held = keys.get(handle.label());
    if (held != null && PublicKeys.same(held.handle().publicKey(), handle.publicKey())) {
      keys.remove(handle.label());
      held.withdraw(Fault.REJECTED, "it was destroyed");
    }
  }

  synchronized void close() {
    closed = true;
    keys.values().forEach(key -> key.withdraw(Fault.LOST, CLOSED));
    keys.clear();
  }

  private void requireOpen() throws CustodyException {
    if (closed) {
      throw new CustodyException(Fault.LOST, CLOSED);
    }
  }
}
