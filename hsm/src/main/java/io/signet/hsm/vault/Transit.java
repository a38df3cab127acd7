package io.signet.hsm.vault;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The requests of key-custody, section 3, in the name of the custodian. Nothing is remembered:
 * others make, rotate and destroy keys as well.
 */
final class Transit {

  private static final Logger LOG = System.getLogger(Transit.class.getName());

  // A long RSA key takes seconds to make.
  private static final int PATIENCE_WITH_NEW_KEYS = 6;

  private static final Pattern NAME = Pattern.compile("\\w([\\w.-]*\\w)?");
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");
  private static final Pattern SIGNATURE = Pattern.compile("vault:v([0-9]{1,9}):(.*)");
  private static final Pattern SPKI =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----\\s*");

  /** What became of one of several signatures. */
  sealed interface Signed {
    record Signature(byte[] bytes) implements Signed {}

    record Failed(CustodyException why) implements Signed {}
  }

  private final VaultSettings settings;
  private final Session session;

  Transit(VaultSettings settings, Session session) {
    this.settings = settings;
    this.session = session;
  }

  /**
   * Makes a key under a label that is free. Two processes that do so at the same instant get the
   * same key: Vault answers a second creation as it did the first. When this one is given up, Vault
   * drops the key that it was making, and whoever asks for the label meanwhile waits until it has:
   * what {@link #key(KeyLabel)} then says stays so.
   *
   * @throws CustodyException {@link Fault#REJECTED} when the label is taken
   */
  TransitKey create(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    requireFree(label);
    Map<String, Object> kind =
        Map.of(
            "type",
            TransitKey.type(algorithm),
            "exportable",
            false,
            "allow_plaintext_backup",
            false,
            "auto_rotate_period",
            "0");
    Answer _ = session.done(Call.writeOnce(keyPath(label.value()), kind), patience());
    TransitKey made = made(label);
    if (made.algorithm() != algorithm) {
      throw takenMeanwhile(label);
    }
    return made;
  }

  private void requireFree(KeyLabel label) throws CustodyException {
    if (read(label.value()).isPresent()) {
      throw failure(Fault.REJECTED, label, "the label is taken");
    }
  }

  private TransitKey made(KeyLabel label) throws CustodyException {
    return key(label).orElseThrow(() -> failure(Fault.LOST, label, "it was made and is not there"));
  }

  private CustodyException takenMeanwhile(KeyLabel label) {
    return failure(Fault.REJECTED, label, "the label was taken meanwhile");
  }

  /**
   * Takes in a key under its label, which is free; Vault will never rotate it.
   *
   * @throws CustodyException {@link Fault#REJECTED} when the label is taken, or the key is there
   */
  TransitKey takeIn(ForeignKey key) throws CustodyException {
    KeyLabel label = key.label();
    requireFree(label);
    requireUnknown(key);
    Map<String, Object> kind =
        Map.of(
            "type",
            TransitKey.type(key.algorithm()),
            "ciphertext",
            wrapped(key),
            "hash_function",
            WrappedKey.HASH,
            "exportable",
            false,
            "allow_plaintext_backup",
            false,
            "allow_rotation",
            false);
    Answer _ = session.done(Call.writeOnce(keyPath(label.value()) + "/import", kind), patience());
    TransitKey made = made(label);
    if (!PublicKeys.same(made.publicKey(), key.publicKey())) {
      throw takenMeanwhile(label);
    }
    return made;
  }

  private void requireUnknown(ForeignKey key) throws CustodyException {
    Optional<TransitKey> same = key(key.publicKey());
    if (same.isPresent()) {
      throw failure(
          Fault.REJECTED,
          key.label(),
          "it is there already, under the label " + same.get().label());
    }
  }

  private String wrapped(ForeignKey key) throws CustodyException {
    // Vault makes the wrapping key when it is asked for the first time.
    String pem =
        session
            .done(Call.read(settings.mount() + "/wrapping_key"), patience())
            .data()
            .text("public_key")
            .orElse("");
    PublicKey wrapping =
        publicKey("RSA", pem)
            .orElseThrow(() -> failure(Fault.LOST, key.label(), "no wrapping key came for it"));
    try {
      return WrappedKey.of(key, wrapping);
    } catch (GeneralSecurityException e) {
      throw new CustodyException(
          Fault.FATAL, settings.where() + ": key " + key.label() + ": cannot be wrapped", e);
    }
  }

  /**
   * The key as it was made under this label: its first version, whatever rotations have added.
   *
   * @throws CustodyException {@link Fault#REJECTED} when it cannot be used
   */
  Optional<TransitKey> key(KeyLabel label) throws CustodyException {
    Optional<Fields> found = read(label.value());
    if (found.isEmpty()) {
      return Optional.empty();
    }
    PublicKey first =
        publicKey(found.get(), "1")
            .orElseThrow(
                () -> failure(Fault.REJECTED, label, "its version 1 is gone or no key that signs"));
    return Optional.of(usable(label, 1, first, found.get()));
  }

  /**
   * The key with this public half, of any version of any name.
   *
   * @throws CustodyException {@link Fault#REJECTED} when it cannot be used, {@link Fault#BROKEN}
   *     when it is there twice
   */
  Optional<TransitKey> key(PublicKey publicKey) throws CustodyException {
    List<TransitKey> found = new ArrayList<>();
    for (String name : names()) {
      Optional<Fields> key = read(name);
      if (key.isPresent()) {
        versionOf(name, key.get(), publicKey).ifPresent(found::add);
      }
    }
    if (found.size() > 1) {
      List<KeyLabel> labels = found.stream().map(TransitKey::label).toList();
      throw new CustodyException(
          Fault.BROKEN,
          settings.where() + ": keys " + labels + " are the same; destroy all but one");
    }
    return found.stream().findFirst();
  }

  /** The same, when it can be under this label only. */
  Optional<TransitKey> key(KeyLabel label, PublicKey publicKey) throws CustodyException {
    Optional<Fields> key = read(label.value());
    return key.isEmpty() ? Optional.empty() : versionOf(label.value(), key.get(), publicKey);
  }

  private List<String> names() throws CustodyException {
    Answer all = session.ask(Call.list(settings.mount() + "/keys"), deadline());
    return all.data().texts("keys").stream().filter(n -> NAME.matcher(n).matches()).toList();
  }

  private Optional<TransitKey> versionOf(String name, Fields key, PublicKey publicKey)
      throws CustodyException {
    for (String version : key.fields("keys").names()) {
      Optional<PublicKey> candidate = publicKey(key, version);
      if (candidate.isPresent() && PublicKeys.same(candidate.get(), publicKey)) {
        return Optional.of(usable(label(name), Integer.parseInt(version), publicKey, key));
      }
    }
    return Optional.empty();
  }

  /** The public half of a version; empty when it is gone, secret, or of no kind that we know. */
  private static Optional<PublicKey> publicKey(Fields key, String version) {
    String family = key.text("type").orElse("").startsWith("rsa-") ? "RSA" : "EC";
    String pem = key.fields("keys").fields(version).text("public_key").orElse("");
    return VERSION.matcher(version).matches() ? publicKey(family, pem) : Optional.empty();
  }

  private static Optional<PublicKey> publicKey(String family, String text) {
    Matcher pem = SPKI.matcher(text.strip());
    if (!pem.matches()) {
      return Optional.empty();
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
      return Optional.of(
          KeyFactory.getInstance(family).generatePublic(new X509EncodedKeySpec(der)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private KeyLabel label(String name) throws CustodyException {
    try {
      return new KeyLabel(name);
    } catch (IllegalArgumentException e) {
      throw new CustodyException(Fault.REJECTED, settings.where() + ": " + e.getMessage(), e);
    }
  }

  private TransitKey usable(KeyLabel label, int version, PublicKey publicKey, Fields key)
      throws CustodyException {
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(publicKey)
            .orElseThrow(
                () -> failure(Fault.REJECTED, label, "it is of a kind that is not supported"));
    if (key.flag("exportable") || key.flag("allow_plaintext_backup")) {
      throw failure(
          Fault.REJECTED,
          label,
          "it can leave Vault (exportable or allow_plaintext_backup), which cannot be undone");
    }
    if (key.flag("soft_deleted")) {
      throw failure(Fault.REJECTED, label, "it is soft-deleted; restore it");
    }
    tellOfRotation(label, version, key);
    return new TransitKey(label, version, algorithm, publicKey);
  }

  private void tellOfRotation(KeyLabel label, int version, Fields key) {
    long latest = key.number("latest_version").orElse(version);
    if (latest > version) {
      LOG.log(
          Level.WARNING,
          "{0}: key {1} was rotated to version {2}; version {3} is in use and goes on signing",
          settings.where(),
          label,
          latest,
          version);
    }
  }

  /**
   * Destroys the key with all that is under its label.
   *
   * @throws CustodyException {@link Fault#REJECTED} when others have added versions: these are keys
   *     that were not to be destroyed
   */
  void destroy(TransitKey key) throws CustodyException {
    String name = key.label().value();
    Optional<Fields> found = read(name);
    if (found.isEmpty()) {
      return;
    }
    if (found.get().number("latest_version").orElse(0) != 1) {
      throw failure(
          Fault.REJECTED, key.label(), "it was rotated; destroying it would take every version");
    }
    Call allow = Call.writeOnce(keyPath(name) + "/config", Map.of("deletion_allowed", true));
    Answer _ = session.done(allow, deadline());
    Answer _ = session.done(Call.delete(keyPath(name)), deadline());
  }

  /**
   * Signs digests with one key, in one request.
   *
   * @return for each digest what became of it, in their order
   * @throws CustodyException when the request as a whole has failed
   */
  List<Signed> sign(TransitKey key, List<byte[]> digests, Deadline deadline)
      throws CustodyException {
    for (byte[] digest : digests) {
      key.requireDigest(digest);
    }
    Map<String, Object> body = new HashMap<>();
    body.put("prehashed", true);
    body.put("key_version", key.version());
    // VAULT-9: the default of RSA is PSS.
    boolean rsa = key.algorithm().family().equals("RSA");
    body.put(rsa ? "signature_algorithm" : "marshaling_algorithm", rsa ? "pkcs1v15" : "asn1");
    String path = settings.mount() + "/sign/" + key.label() + "/" + key.hash();
    if (digests.size() == 1) {
      body.put("input", base64(digests.getFirst()));
      return List.of(signed(key, session.done(Call.write(path, body), deadline).data()));
    }
    body.put("batch_input", items(digests));
    return signed(key, digests.size(), session.done(Call.write(path, body), deadline).data());
  }

  private static List<Map<String, Object>> items(List<byte[]> digests) {
    List<Map<String, Object>> items = new ArrayList<>();
    for (byte[] digest : digests) {
      items.add(Map.of("input", base64(digest), "reference", String.valueOf(items.size())));
    }
    return items;
  }

  private List<Signed> signed(TransitKey key, int count, Fields data) throws CustodyException {
    List<Fields> results = data.list("batch_results");
    if (results.size() != count) {
      throw failure(
          Fault.LOST, key.label(), "%d results to %d signatures".formatted(results.size(), count));
    }
    List<Signed> signed = new ArrayList<>();
    for (Fields result : results) {
      // Not every version of Vault repeats the reference.
      String expected = String.valueOf(signed.size());
      signed.add(
          result.text("reference").orElse(expected).equals(expected)
              ? signed(key, result)
              : failed(Fault.LOST, key, "a result is not in its place"));
    }
    return signed;
  }

  private Signed signed(TransitKey key, Fields result) {
    Optional<String> error = result.text("error").filter(text -> !text.isEmpty());
    if (error.isPresent()) {
      return failed(Fault.REJECTED, key, error.get());
    }
    Matcher signature = SIGNATURE.matcher(result.text("signature").orElse(""));
    if (!signature.matches()) {
      return failed(Fault.LOST, key, "the answer has no signature");
    }
    if (Integer.parseInt(signature.group(1)) != key.version()) { // VAULT-7
      return failed(
          Fault.LOST,
          key,
          "version %s has signed (expected: %d)".formatted(signature.group(1), key.version()));
    }
    try {
      return new Signed.Signature(Base64.getDecoder().decode(signature.group(2)));
    } catch (IllegalArgumentException e) {
      return failed(Fault.LOST, key, "the signature is no base64");
    }
  }

  private Signed failed(Fault fault, TransitKey key, String why) {
    return new Signed.Failed(failure(fault, key.label(), why));
  }

  private Optional<Fields> read(String name) throws CustodyException {
    Answer answer = session.ask(Call.read(keyPath(name)), deadline());
    return answer.isAbsent() ? Optional.empty() : Optional.of(answer.data());
  }

  private Deadline patience() {
    return Deadline.in(settings.deadline().multipliedBy(PATIENCE_WITH_NEW_KEYS));
  }

  private Deadline deadline() {
    return Deadline.in(settings.deadline());
  }

  private String keyPath(String name) {
    return settings.mount() + "/keys/" + name;
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private CustodyException failure(Fault fault, KeyLabel label, String why) {
    return new CustodyException(fault, settings.where() + ": key " + label + ": " + why);
  }
}
