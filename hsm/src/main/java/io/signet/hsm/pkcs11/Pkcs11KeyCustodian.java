package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps keys on a PKCS#11 token. A private key is made on the token and never leaves it: this
 * process holds a reference that asks the token to sign (P11-12).
 *
 * <p>The PIN is tried once, at {@link #open}: a token locks after a few wrong ones (P11-8). Calls
 * beyond {@link Pkcs11Settings#permits()} wait and then fail as {@link Fault#BUSY} (KC-4). Safe for
 * use by many threads.
 */
public final class Pkcs11KeyCustodian implements KeyCustodian {

  private final Pkcs11Settings settings;
  private final Permits permits;
  private final Object creation = new Object();
  // Handles outlive a session (P11-9), and there is one for each key, so that a broken one stays
  // so.
  private final Map<PublicKey, KeyHandle> handles = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable TokenSession> session;

  private Pkcs11KeyCustodian(Pkcs11Settings settings, TokenSession session) {
    this.settings = settings;
    this.permits = new Permits(settings);
    this.session = new AtomicReference<>(session);
  }

  /**
   * Finds the token and logs in.
   *
   * @param pin the user PIN; the caller wipes it after this call, no copy of it is kept
   * @throws CustodyException {@link Fault#FATAL} when the library cannot be loaded, {@link
   *     Fault#LOST} when the token is not there, {@link Fault#DENIED} when two tokens have the
   *     label, or the PIN is wrong or locked: not to be tried again
   */
  public static Pkcs11KeyCustodian open(Pkcs11Settings settings, char[] pin)
      throws CustodyException {
    return new Pkcs11KeyCustodian(settings, TokenSession.open(settings, pin));
  }

  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    return permits.with(() -> {
      synchronized (creation) {
        return generateAlone(label, algorithm);
      }
    });
  }

  private KeyHandle generateAlone(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    TokenSession current = current();
    if (!current.supports(algorithm)) {
      throw failure(Fault.REJECTED, label, "the token has no mechanism for " + algorithm);
    }
    if (current.key(label).isPresent()) {
      throw failure(Fault.REJECTED, label, "the label is taken");
    }
    current.finish(current.begin(label, algorithm));
    return handleOf(current.key(label))
        .orElseThrow(() -> failure(Fault.BROKEN, label, "it was made and is not there"));
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    return permits.with(() -> handleOf(current().key(label)));
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    return permits.with(() -> handleOf(current().key(publicKey)));
  }

  private Optional<KeyHandle> handleOf(Optional<TokenKey> key) throws CustodyException {
    return key.isEmpty() ? Optional.empty() : Optional.of(handle(key.get()));
  }

  private KeyHandle handle(TokenKey key) throws CustodyException {
    KeyLabel label = label(key);
    PublicKey publicKey = key.publicKey();
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(publicKey)
            .orElseThrow(() ->
                failure(
                    Fault.REJECTED,
                    label,
                    "it is of a kind that is not supported: a curve, size or family"));
    return handles.computeIfAbsent(
        publicKey,
        _ ->
            new KeyHandle(
                label,
                algorithm,
                publicKey,
                message -> sign(label, algorithm, publicKey, message)));
  }

  private KeyLabel label(TokenKey key) throws CustodyException {
    try {
      return new KeyLabel(key.label());
    } catch (IllegalArgumentException e) {
      throw new CustodyException(
          Fault.REJECTED, settings.where() + ": " + e.getMessage() + "; rename its certificate", e);
    }
  }

  private byte[] sign(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey, byte[] message)
      throws CustodyException {
    return permits.with(() -> current().sign(label, algorithm, publicKey, message));
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    boolean _ =
        permits.with(() -> {
          synchronized (creation) {
            return destroyAlone(key);
          }
        });
  }

  private boolean destroyAlone(KeyHandle key) throws CustodyException {
    TokenSession current = current();
    Optional<TokenKey> found = current.key(key.publicKey());
    if (found.isPresent()) {
      current.destroy(found.get());
    }
    handles.remove(key.publicKey());
    return found.isPresent();
  }

  private TokenSession current() throws CustodyException {
    TokenSession current = session.get();
    if (current == null) {
      throw new CustodyException(Fault.LOST, settings.where() + ": the custodian is closed");
    }
    return current;
  }

  private CustodyException failure(Fault fault, KeyLabel label, String why) {
    return new CustodyException(fault, settings.where() + ": key " + label + ": " + why);
  }

  @Override
  public void close() {
    TokenSession open = session.getAndSet(null);
    if (open != null) {
      open.close();
    }
  }
}
