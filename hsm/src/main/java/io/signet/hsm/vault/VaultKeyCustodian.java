package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Permits;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps keys in the Transit engine of Vault or OpenBao. A private key is made or imported there,
 * not exportable, and this process sends digests to be signed. A handle is bound to one version of
 * a key: a rotation that somebody makes in Vault adds another key and changes nothing for this one
 * (VAULT-7). A key that is found is proven by a signature before its handle is given out (KC-2).
 *
 * <p>The policy of the token needs {@code list} on {@code MOUNT/keys}, {@code create, read, update,
 * delete} on {@code MOUNT/keys/*} and {@code update} on {@code MOUNT/sign/*}, and for {@link
 * #importKey} {@code read} on {@code MOUNT/wrapping_key}. A mount of its own is best: {@link
 * #find(PublicKey)} reads every key of it.
 *
 * <p>A signature is there or has failed within {@link VaultSettings#deadline()}; each request of
 * another call takes no longer either, unless it makes a key (KC-3). At most {@link
 * VaultSettings#permits()} requests for signatures are under way, and as many others; a bounded
 * number waits, and signatures that wait for the same key travel together (KC-4, VAULT-4).
 *
 * <p>The token is renewed or replaced before it ends. While Vault is sealed, gone or refuses it,
 * calls fail fast; nothing has to be restarted when it is back (VAUTH-6).
 *
 * <p>Safe for use by many threads.
 */
public final class VaultKeyCustodian implements KeyCustodian {

  private static final int QUEUE_PER_PERMIT = 64;

  // Text, which can never be taken for something that a CA signs.
  private static final byte[] PROOF = "signet: proof of possession of a key".getBytes(UTF_8);

  /** A handle and whether its key still is one. */
  private final class Held {
    private final TransitKey key;
    private final KeyHandle handle;
    private volatile boolean destroyed;

    Held(TransitKey key) {
      this.key = key;
      this.handle = new KeyHandle(key.label(), key.algorithm(), key.publicKey(), this::sign);
    }

    private byte[] sign(byte[] message) throws CustodyException {
      session.requireOpen();
      if (destroyed) { // another key may have its name by now
        throw new CustodyException(
            Fault.REJECTED, settings.where() + ": key " + key.label() + ": it was destroyed");
      }
      return signatures.sign(key, key.digest(message));
    }
  }

  private final VaultSettings settings;
  private final Session session;
  private final Transit transit;
  private final SigningQueue signatures;
  private final Permits permits;
  private final Permits creation;
  // One for each key, so that a broken one stays so.
  private final Map<PublicKey, Held> held = new ConcurrentHashMap<>();

  private VaultKeyCustodian(VaultSettings settings, Session session, CustodianListener listener) {
    this.settings = settings;
    this.session = session;
    this.transit = new Transit(settings, session);
    this.signatures =
        new SigningQueue(
            settings.where(), settings.permits(), settings.deadline(), transit::sign, listener);
    this.permits = permits(settings, settings.permits());
    this.creation = permits(settings, 1);
  }

  private static Permits permits(VaultSettings settings, int permits) {
    return new Permits(
        settings.where(),
        permits,
        permits * QUEUE_PER_PERMIT,
        settings.deadline(),
        CustodianListener.NONE);
  }

  /**
   * Finds a node that can be used, and logs in.
   *
   * @param listener is told of the waits of signatures, and of losses and recoveries: no node that
   *     takes requests, or no token
   * @throws CustodyException {@link Fault#LOST} when no node can be reached, {@link Fault#BUSY}
   *     when all are sealed or the like, {@link Fault#DENIED} when the login is refused, a file for
   *     it is missing, or no node can be trusted by its certificate: it was tried once
   */
  public static VaultKeyCustodian open(
      VaultSettings settings, CustodianListener listener, Clock clock) throws CustodyException {
    return new VaultKeyCustodian(settings, Session.open(settings, listener, clock), listener);
  }

  /** Its token is looked after by whoever calls {@link #runDue()}. */
  static VaultKeyCustodian open(VaultSettings settings, CustodianListener listener, Timing timing)
      throws CustodyException {
    return new VaultKeyCustodian(settings, Session.open(settings, listener, timing), listener);
  }

  void runDue() {
    session.runDue();
  }

  // Whoever waits for another's key to be made holds no permit.
  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    session.requireOpen();
    return creation.with(() -> handleOfNew(permits.with(() -> transit.create(label, algorithm))));
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    session.requireOpen();
    ForeignKey foreign = ForeignKey.of(label, key);
    return creation.with(() -> {
      TransitKey imported = permits.with(() -> transit.takeIn(foreign));
      // Others may have destroyed it before: what was said of it is over.
      forget(imported.publicKey());
      return handleOfNew(imported);
    });
  }

  private KeyHandle handleOfNew(TransitKey key) throws CustodyException {
    try {
      return handle(key);
    } catch (CustodyException e) {
      if (e.fault() == Fault.BROKEN) {
        abandon(key, e);
      }
      throw e;
    }
  }

  private void abandon(TransitKey key, CustodyException why) {
    try {
      transit.destroy(key);
    } catch (CustodyException e) {
      why.addSuppressed(e);
    }
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    session.requireOpen();
    return handleOf(permits.with(() -> transit.key(label)));
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    session.requireOpen();
    return handleOf(permits.with(() -> transit.key(publicKey)));
  }

  private Optional<KeyHandle> handleOf(Optional<TransitKey> key) throws CustodyException {
    return key.isEmpty() ? Optional.empty() : Optional.of(handle(key.get()));
  }

  private KeyHandle handle(TransitKey key) throws CustodyException {
    Held known = held.get(key.publicKey());
    return known != null ? known.handle : proven(new Held(key));
  }

  // KC-2: what Vault says of a public key does not prove that the private one signs.
  private KeyHandle proven(Held fresh) throws CustodyException {
    byte[] _ = fresh.handle.sign(PROOF);
    Held first = held.putIfAbsent(fresh.key.publicKey(), fresh);
    return first == null ? fresh.handle : first.handle;
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    session.requireOpen();
    boolean _ = creation.with(() -> permits.with(() -> destroyed(key)));
  }

  private boolean destroyed(KeyHandle key) throws CustodyException {
    Optional<TransitKey> found = transit.key(key.label(), key.publicKey());
    if (found.isPresent()) {
      transit.destroy(found.get());
    }
    Held known = held.get(key.publicKey());
    if (known != null) {
      known.destroyed = true;
    }
    if (found.isPresent()) {
      // Not when it is absent: a broken handle must not be forgotten while its key may come back.
      forget(key.publicKey());
    }
    return found.isPresent();
  }

  private void forget(PublicKey publicKey) {
    Held known = held.remove(publicKey);
    if (known != null) {
      known.destroyed = true;
    }
  }

  /** Its load is that of the signatures. */
  @Override
  public CustodianStatus status() {
    return new CustodianStatus(Optional.of(signatures.load()), Optional.of(session.end()));
  }

  /** Also ends the token, if a login of this custodian has made it. */
  @Override
  public void close() {
    signatures.close();
    session.close();
  }

  @Override
  public String toString() {
    return "VaultKeyCustodian[" + settings.where() + "]";
  }
}
