package io.signet.hsm.pkcs11;

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
import io.signet.hsm.pkcs11.TokenConnection.Use;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps keys on a PKCS#11 token. A private key is made on the token, or put there once, and never
 * leaves it: this process holds a reference that asks the token to sign (P11-12). A key that is
 * found is proven by a signature before its handle is given out (KC-2).
 *
 * <p>A connection that is lost (P11-3) is made anew within the call that notices, and the call is
 * done once more (P11-2); handles stay good. While the token is away, calls fail at once and it is
 * looked for ever less often, at least every five seconds if anybody asks. A PIN that is refused is
 * never tried again: a token locks after a few wrong ones (P11-8).
 *
 * <p>At most {@link Pkcs11Settings#permits()} calls are on the token; a bounded number of others
 * wait for {@link Pkcs11Settings#patience()} and then fail as {@link Fault#BUSY}, and further ones
 * do so at once (KC-4). A call that hangs inside the vendor's library is given up after {@link
 * Pkcs11Settings#deadline()} and keeps its permit until it returns; once all are lost in this way,
 * every call fails as {@link Fault#FATAL} (P11-16). Keys are made and destroyed one at a time.
 *
 * <p>Safe for use by many threads.
 */
public final class Pkcs11KeyCustodian implements KeyCustodian {

  // So many signatures of 30 ms end within the default patience; more calls would only time out.
  private static final int QUEUE_PER_PERMIT = 64;

  // Text, which can never be taken for something that a CA signs.
  private static final byte[] PROOF = "signet: proof of possession of a key".getBytes(UTF_8);

  /** A handle, until its key is destroyed: the same key may be imported again under another. */
  private final class Held {
    private final KeyHandle handle;
    private volatile boolean destroyed;

    Held(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey) {
      this.handle = new KeyHandle(label, algorithm, publicKey, this::sign);
    }

    private byte[] sign(byte[] message) throws CustodyException {
      return called(session -> {
        if (destroyed) {
          throw failure(Fault.REJECTED, handle.label(), "it was destroyed");
        }
        return session.sign(handle.label(), handle.algorithm(), handle.publicKey(), message);
      });
    }
  }

  private final Pkcs11Settings settings;
  private final Calls calls;
  private final Permits creation;
  // Handles outlive a session (P11-9), and there is one for each key, so that a broken one stays
  // so.
  private final Map<PublicKey, Held> held = new ConcurrentHashMap<>();
  private final TokenConnection<TokenSession> connection;
  private final Pin pin;

  private Pkcs11KeyCustodian(
      Pkcs11Settings settings, Calls calls, TokenConnection<TokenSession> connection, Pin pin) {
    this.settings = settings;
    this.calls = calls;
    this.creation =
        new Permits(
            settings.where(), 1, QUEUE_PER_PERMIT, settings.patience(), CustodianListener.NONE);
    this.connection = connection;
    this.pin = pin;
  }

  /**
   * Finds the token and logs in.
   *
   * <p>The login belongs to the process and lasts until it ends, also after {@link #close()}: while
   * it does, the token does not look at the PIN again, and a wrong one opens as well (P11-7).
   *
   * @param pin the user PIN; the caller wipes it after this call, a copy is kept to log in again
   * @param listener is told of losses, recoveries and waits
   * @throws CustodyException {@link Fault#FATAL} when the library cannot be loaded, {@link
   *     Fault#LOST} when the token is not there, {@link Fault#DENIED} when two tokens have the
   *     label, or the PIN is wrong, locked or no text: not to be tried again
   */
  public static Pkcs11KeyCustodian open(
      Pkcs11Settings settings, char[] pin, CustodianListener listener) throws CustodyException {
    Pin kept = new Pin(settings.where(), pin);
    int permits = settings.permits();
    Calls calls =
        new Calls(
            settings.where(), permits, permits * QUEUE_PER_PERMIT, settings.patience(), listener);
    try {
      TokenConnection<TokenSession> connection =
          calls.call(settings.deadline(), _ -> {}, () -> connection(settings, kept, listener));
      return new Pkcs11KeyCustodian(settings, calls, connection, kept);
    } catch (CustodyException | RuntimeException e) {
      kept.wipe();
      throw e;
    }
  }

  private static TokenConnection<TokenSession> connection(
      Pkcs11Settings settings, Pin pin, CustodianListener listener) throws CustodyException {
    return TokenConnection.open(
        settings.where(),
        () -> pin.with(text -> TokenSession.open(settings, text)),
        settings.patience(),
        listener,
        System::nanoTime);
  }

  // Whoever waits for another's key to be made holds no permit: signatures go on.
  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    return creation.with(() -> handle(created(label, algorithm)));
  }

  // Whatever a loss leaves of a key, the next one of this label finds (KC-7).
  private TokenKey created(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    return called(
        settings.creationDeadline(), connection::once, session -> made(session, label, algorithm));
  }

  private TokenKey made(TokenSession current, KeyLabel label, KeyAlgorithm algorithm)
      throws CustodyException {
    requireFree(current, label);
    requireMechanisms(current.makes(algorithm), label, algorithm);
    current.finish(current.begin(label, algorithm));
    return kept(current, label);
  }

  private void requireFree(TokenSession current, KeyLabel label) throws CustodyException {
    if (current.key(label).isPresent()) {
      throw failure(Fault.REJECTED, label, "the label is taken");
    }
  }

  private void requireMechanisms(boolean there, KeyLabel label, KeyAlgorithm algorithm)
      throws CustodyException {
    if (!there) {
      throw failure(Fault.REJECTED, label, "the token has no mechanism for " + algorithm);
    }
  }

  private TokenKey kept(TokenSession current, KeyLabel label) throws CustodyException {
    return current
        .key(label)
        .orElseThrow(() -> failure(Fault.BROKEN, label, "it was made and is not there"));
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    ForeignKey foreign = ForeignKey.of(label, key);
    return creation.with(() -> handle(imported(foreign)));
  }

  private TokenKey imported(ForeignKey key) throws CustodyException {
    return called(settings.creationDeadline(), connection::once, session -> takenIn(session, key));
  }

  private TokenKey takenIn(TokenSession current, ForeignKey key) throws CustodyException {
    requireFree(current, key.label());
    requireUnknown(current, key);
    requireMechanisms(current.takes(key.algorithm()), key.label(), key.algorithm());
    current.finish(current.begin(key));
    forget(key.publicKey()); // others may have destroyed it before; what was said of it is over
    return kept(current, key.label());
  }

  // P11-11: the two would have one CKA_ID, and neither could be told from the other.
  private void requireUnknown(TokenSession current, ForeignKey key) throws CustodyException {
    Optional<TokenKey> same = current.key(key.publicKey());
    if (same.isPresent()) {
      throw failure(
          Fault.REJECTED,
          key.label(),
          "it is there already, under the label " + same.get().label());
    }
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    return handleOf(called(session -> session.key(label)));
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    return handleOf(called(session -> session.key(publicKey)));
  }

  private Optional<KeyHandle> handleOf(Optional<TokenKey> key) throws CustodyException {
    return key.isEmpty() ? Optional.empty() : Optional.of(handle(key.get()));
  }

  private KeyHandle handle(TokenKey key) throws CustodyException {
    Held known = held.get(key.publicKey());
    return known != null ? known.handle : proven(fresh(key));
  }

  private Held fresh(TokenKey key) throws CustodyException {
    KeyLabel label = label(key);
    PublicKey publicKey = key.publicKey();
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(publicKey)
            .orElseThrow(() ->
                failure(
                    Fault.REJECTED,
                    label,
                    "it is of a kind that is not supported: a curve, size or family"));
    return new Held(label, algorithm, publicKey);
  }

  // KC-2, P11-7: neither the login nor the certificate proves that this key can sign.
  private KeyHandle proven(Held fresh) throws CustodyException {
    byte[] _ = fresh.handle.sign(PROOF);
    Held first = held.putIfAbsent(fresh.handle.publicKey(), fresh);
    return first == null ? fresh.handle : first.handle;
  }

  private KeyLabel label(TokenKey key) throws CustodyException {
    try {
      return new KeyLabel(key.label());
    } catch (IllegalArgumentException e) {
      throw new CustodyException(
          Fault.REJECTED, settings.where() + ": " + e.getMessage() + "; rename its certificate", e);
    }
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    boolean _ = creation.with(() -> called(session -> destroyed(session, key)));
  }

  private boolean destroyed(TokenSession current, KeyHandle key) throws CustodyException {
    Optional<TokenKey> found = current.key(key.publicKey());
    if (found.isPresent()) {
      current.destroy(found.get());
      // Not when it is absent: a broken handle must not be forgotten while its key may come back.
      forget(found.get().publicKey());
    }
    return found.isPresent();
  }

  private void forget(PublicKey publicKey) {
    Held known = held.remove(publicKey);
    if (known != null) {
      known.destroyed = true;
    }
  }

  /** How a session is used: once, or once more after a loss. */
  private interface Way<T> {
    T of(Use<TokenSession, T> use) throws CustodyException;
  }

  private <T> T called(Use<TokenSession, T> use) throws CustodyException {
    return called(settings.deadline(), connection::with, use);
  }

  private <T> T called(Duration deadline, Way<T> way, Use<TokenSession, T> use)
      throws CustodyException {
    AtomicReference<@Nullable TokenSession> used = new AtomicReference<>();
    return calls.call(
        deadline,
        why -> abandon(used.get(), why),
        () ->
            way.of(session -> {
              used.set(session);
              return use.on(session);
            }));
  }

  // What hangs keeps the locks of its session.
  private void abandon(@Nullable TokenSession session, CustodyException why) {
    if (session != null) {
      connection.abandon(session, why);
    }
  }

  private CustodyException failure(Fault fault, KeyLabel label, String why) {
    return new CustodyException(fault, settings.where() + ": key " + label + ": " + why);
  }

  @Override
  public CustodianStatus status() {
    return new CustodianStatus(Optional.of(calls.load()), Optional.empty());
  }

  /** Also when nobody else uses the token, the login stays (see {@link #open}). */
  @Override
  public void close() {
    connection.close();
    pin.wipe();
  }
}
