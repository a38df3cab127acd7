package io.signet.hsm.soft;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.hsm.CustodianStatus;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps keys in a directory, each in a file of its own under one {@link FileSecret}; for
 * development, and where there is no device. While it is open the keys are in the memory of this
 * process.
 *
 * <p>The directory belongs to one process at a time and to nobody but its owner; a file is {@code
 * <label>.key} in the format of {@link Envelope}. Safe for use by many threads.
 */
public final class FileKeyCustodian implements KeyCustodian {

  private static final String KEY = ".key";

  // Proves the secret also while there is no key: a wrong one must not be learned later.
  private static final String CHECK = "passphrase.check";
  private static final String CHECK_KIND = "check";

  private final PrivateDirectory directory;
  private Seal seal;
  private final KeyRing ring = new KeyRing();

  private FileKeyCustodian(PrivateDirectory directory, Seal seal) {
    this.directory = directory;
    this.seal = seal;
  }

  /**
   * Opens the directory, which is created where it is missing, and every key in it.
   *
   * @param secret of the directory's keys, the first time a new one. The caller closes it after
   *     this call; the custodian keeps none of it
   * @throws CustodyException {@link Fault#DENIED} when the secret is wrong or of another kind, or a
   *     file is open to others or closed to this process; {@link Fault#BUSY} when another process
   *     has the directory; {@link Fault#BROKEN} when a file is damaged or its key is not the one of
   *     its public half (KC-2); {@link Fault#FATAL} when the directory or a file cannot be read or
   *     written for any other reason
   */
  public static FileKeyCustodian open(Path directory, FileSecret secret) throws CustodyException {
    try {
      Seal seal = Seal.of(secret);
      FileKeyCustodian custodian = new FileKeyCustodian(PrivateDirectory.open(directory), seal);
      custodian.loadOrClose(secret);
      return custodian;
    } catch (IOException e) {
      throw FileTrouble.failure("key folder " + directory, e, Fault.FATAL);
    }
  }

  private void loadOrClose(FileSecret secret) throws CustodyException, IOException {
    try {
      boolean checked = checkSecret(secret);
      for (String file : directory.names(KEY)) {
        KeyHandle _ = ring.add(load(file, secret));
      }
      if (!checked) { // only now: keys of another secret would have refused this one
        directory.write(CHECK, sealedCheck(seal));
      }
    } catch (CustodyException | IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private static byte[] sealedCheck(Seal seal) throws CustodyException {
    byte[] content = CHECK_KIND.getBytes(US_ASCII);
    return Envelope.seal(CHECK, CHECK_KIND, new byte[0], content, seal);
  }

  /** Whether there was something to check it by; a wrong secret does not return. */
  private boolean checkSecret(FileSecret secret) throws CustodyException, IOException {
    boolean present = directory.names(CHECK).contains(CHECK);
    if (present) {
      byte[] _ = envelope(CHECK, CHECK).open(secret);
    }
    return present;
  }

  private Envelope envelope(String file, String name) throws CustodyException {
    Envelope envelope = Envelope.parse(directory.resolve(file), content(file));
    if (!envelope.name().equals(name)) {
      throw broken(file, "is the file of " + envelope.name() + "; it was renamed or copied");
    }
    return envelope;
  }

  private byte[] content(String file) throws CustodyException {
    try {
      return directory.read(file);
    } catch (IOException e) {
      throw FileTrouble.failure("key file " + directory.resolve(file), e, Fault.FATAL);
    }
  }

  private SoftKey load(String file, FileSecret secret) throws CustodyException {
    KeyLabel label = label(file);
    Envelope envelope = envelope(file, label.value());
    KeyAlgorithm algorithm =
        KeyAlgorithm.named(envelope.kind())
            .orElseThrow(() -> broken(file, "is of the unknown kind " + envelope.kind()));
    byte[] encoded = envelope.open(secret);
    try {
      SoftKey key = new SoftKey(label, algorithm, pair(algorithm, envelope.publicPart(), encoded));
      // KC-2: the handle verifies with the public half.
      byte[] _ = key.handle().sign(encodedLabel(label));
      return key;
    } catch (GeneralSecurityException e) {
      throw new CustodyException(
          Fault.BROKEN, "key file " + directory.resolve(file) + " holds no such key", e);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  private KeyLabel label(String file) throws CustodyException {
    try {
      return new KeyLabel(file.substring(0, file.length() - KEY.length()));
    } catch (IllegalArgumentException e) {
      throw new CustodyException(
          Fault.BROKEN, "key file " + directory.resolve(file) + ": " + e.getMessage(), e);
    }
  }

  private static byte[] encodedLabel(KeyLabel label) {
    return label.value().getBytes(US_ASCII);
  }

  private CustodyException broken(String file, String why) {
    return new CustodyException(Fault.BROKEN, "key file " + directory.resolve(file) + " " + why);
  }

  private static KeyPair pair(KeyAlgorithm algorithm, byte[] spki, byte[] pkcs8)
      throws GeneralSecurityException {
    KeyFactory keys = KeyFactory.getInstance(algorithm.family());
    return new KeyPair(
        keys.generatePublic(new X509EncodedKeySpec(spki)),
        keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
  }

  /**
   * Puts every key under another secret, or none, also when this process ends in between.
   *
   * @param next the secret from now on, of either kind; the caller closes it
   * @throws CustodyException {@link Fault#BUSY} when the files cannot be written
   */
  public synchronized void changeSecret(FileSecret next) throws CustodyException {
    Seal nextSeal = Seal.of(next);
    try {
      Map<String, byte[]> files = new LinkedHashMap<>();
      for (SoftKey key : ring.all()) {
        files.put(key.label() + KEY, sealed(key, nextSeal));
      }
      files.put(CHECK, sealedCheck(nextSeal));
      directory.writeAll(files);
    } catch (IOException e) {
      if (directory.isDecided()) {
        take(nextSeal);
        throw FileTrouble.failure(
            "%s: the new %s counts from now on, the next start finishes that"
                .formatted(directory, next.derivation()),
            e,
            Fault.BUSY);
      }
      nextSeal.close();
      throw FileTrouble.failure(
          "%s: cannot change the %s".formatted(directory, seal.derivation()), e, Fault.BUSY);
    }
    take(nextSeal);
  }

  private void take(Seal next) {
    seal.close();
    seal = next;
  }

  @Override
  public synchronized KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm)
      throws CustodyException {
    ring.requireFree(label);
    return kept(SoftKey.generate(label, algorithm));
  }

  @Override
  public synchronized KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    SoftKey imported = SoftKey.imported(ForeignKey.of(label, key));
    ring.requireRoom(imported);
    return kept(imported);
  }

  private KeyHandle kept(SoftKey key) throws CustodyException {
    KeyLabel label = key.label();
    try {
      directory.write(label + KEY, sealed(key, seal));
    } catch (IOException e) {
      throw FileTrouble.failure(directory + ": cannot write key " + label, e, Fault.BUSY);
    }
    return ring.add(key);
  }

  private static byte[] sealed(SoftKey key, Seal seal) throws CustodyException {
    String kind = key.handle().algorithm().toString();
    byte[] spki = key.handle().publicKey().getEncoded();
    byte[] encoded = key.encoded();
    try {
      return Envelope.seal(key.label().value(), kind, spki, encoded, seal);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
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
  public synchronized void destroy(KeyHandle key) throws CustodyException {
    Optional<KeyHandle> held = ring.find(key.publicKey());
    if (held.isEmpty()) {
      return;
    }
    try {
      directory.delete(held.get().label() + KEY);
    } catch (IOException e) {
      throw FileTrouble.failure(directory + ": cannot delete key " + key.label(), e, Fault.BUSY);
    }
    ring.remove(held.get());
  }

  @Override
  public CustodianStatus status() {
    return CustodianStatus.IN_PROCESS;
  }

  @Override
  public synchronized void close() {
    ring.close();
    seal.close();
    try {
      directory.close();
    } catch (IOException e) {
      throw new UncheckedIOException(directory + ": cannot be released", e);
    }
  }
}
