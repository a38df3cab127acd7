package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.FormatMethod;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.pkcs11.Pkcs11Module.Token;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A connection with the token, and everything that is good only as long as it is (P11-9): the
 * provider, its login and its references to private keys. When the connection is lost, this object
 * is thrown away whole and another is made (P11-2).
 *
 * <p>Safe for use by many threads, except that keys are made and destroyed one at a time.
 */
final class TokenSession implements AutoCloseable {

  /** The CKA_ID of a key whose generation has not finished; finished, it is the label. */
  private static final byte[] UNFINISHED = "signet-unfinished".getBytes(UTF_8);

  private final Pkcs11Settings settings;
  private final Token token;
  private final NativeSession session;
  private final Provider provider;
  private final Map<PublicKey, PrivateKey> signers = new ConcurrentHashMap<>();

  private TokenSession(
      Pkcs11Settings settings, Token token, NativeSession session, Provider provider) {
    this.settings = settings;
    this.token = token;
    this.session = session;
    this.provider = provider;
  }

  static TokenSession open(Pkcs11Settings settings, char[] pin) throws CustodyException {
    Pkcs11Module module = Pkcs11Module.load(settings.library());
    Token token = choose(settings, module.tokens());
    NativeSession session = NativeSession.open(module, settings.where(), token.slot());
    try {
      session.login(pin);
      return new TokenSession(settings, token, session, provider(settings, token, ""));
    } catch (CustodyException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  // P11-13
  private static Token choose(Pkcs11Settings settings, List<Token> tokens) throws CustodyException {
    List<Token> fitting =
        tokens.stream()
            .filter(token -> token.label().equals(settings.tokenLabel()))
            .filter(token -> settings.serial().map(token.serial()::equals).orElse(true))
            .toList();
    if (fitting.isEmpty()) {
      throw new CustodyException(
          Fault.LOST,
          "%s%s is not there; tokens that are: %s (check that the device is connected)"
              .formatted(
                  settings.where(),
                  settings.serial().map(" with serial "::concat).orElse(""),
                  tokens.stream().map(Token::label).toList()));
    }
    if (fitting.size() > 1) {
      throw new CustodyException(
          Fault.DENIED,
          "%s is ambiguous: the tokens with the serials %s have this label (name one serial)"
              .formatted(settings.where(), fitting.stream().map(Token::serial).toList()));
    }
    return fitting.getFirst();
  }

  /** A provider for this token; what it generates stays on the token (P11-12). */
  private static Provider provider(Pkcs11Settings settings, Token token, String identity)
      throws CustodyException {
    // The public half is in the certificate; as a token object it would outlive a destroyed key.
    String configuration =
        """
        --name = signet
        library = "%s"
        slot = %d
        attributes(generate, CKO_PRIVATE_KEY, *) = {
          CKA_TOKEN = true
          CKA_PRIVATE = true
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
          CKA_SIGN = true
          %s
        }
        attributes(generate, CKO_PUBLIC_KEY, *) = { CKA_TOKEN = false }
        """
            .formatted(quoted(settings), token.slot(), identity);
    try {
      return Security.getProvider("SunPKCS11").configure(configuration);
    } catch (ProviderException | IllegalArgumentException e) {
      throw Ckr.failure(settings.where(), "SunPKCS11 does not start", e);
    }
  }

  private static String quoted(Pkcs11Settings settings) {
    return settings.library().toString().replace("\\", "\\\\").replace("\"", "\\\"");
  }

  /** P11-14: what the token's mechanisms allow. */
  boolean supports(KeyAlgorithm algorithm) {
    return provider.getService("KeyPairGenerator", algorithm.family()) != null
        && provider.getService("Signature", algorithm.signatureName()) != null;
  }

  // Read anew each time: other processes make and destroy keys as well.
  private List<TokenKey> keys() throws CustodyException {
    try {
      KeyStore store = store(provider);
      List<TokenKey> keys = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        Certificate certificate = store.getCertificate(alias);
        if (certificate != null && store.isKeyEntry(alias)) {
          keys.add(new TokenKey(alias, certificate.getPublicKey()));
        }
      }
      return keys;
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "cannot list the keys", e);
    }
  }

  private KeyStore store(Provider from) throws GeneralSecurityException, CustodyException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", from);
      store.load(null, null);
      return store;
    } catch (IOException e) {
      throw Ckr.failure(settings.where(), "cannot read the objects", e);
    }
  }

  /** The key with this public half. */
  Optional<TokenKey> key(PublicKey publicKey) throws CustodyException {
    Optional<TokenKey> key = keys().stream().filter(k -> k.isOf(publicKey)).findFirst();
    if (key.isPresent()) {
      requireOneOfId(key.get().label());
    }
    return key;
  }

  /** The only key of this label. */
  Optional<TokenKey> key(KeyLabel label) throws CustodyException {
    List<TokenKey> keys = keys().stream().filter(key -> key.label().equals(label.value())).toList();
    if (keys.isEmpty()) {
      requireNoneHidden(label);
    }
    requireOne(label.value(), keys.size());
    requireOneOfId(label.value());
    return keys.stream().findFirst();
  }

  // SunPKCS11 tells keys apart by CKA_ID, which it sets to the label: of two it may take the other.
  private void requireOneOfId(String label) throws CustodyException {
    Attribute id = new Attribute(Attribute.CKA_ID, label.getBytes(UTF_8));
    requireOne(label, session.find(Attribute.privateKey(), id).size());
  }

  private void requireOne(String label, int keys) throws CustodyException {
    if (keys > 1) {
      throw failure(
          Fault.BROKEN, label, "%d keys have this label; destroy or rename all but one", keys);
    }
  }

  // P11-10
  private void requireNoneHidden(KeyLabel label) throws CustodyException {
    List<Long> hidden = new ArrayList<>(session.find(Attribute.privateKey(), label(label)));
    hidden.removeAll(unfinished(label));
    if (!hidden.isEmpty()) {
      throw failure(
          Fault.REJECTED,
          label,
          "it has no certificate and cannot be used without one; store a certificate of it with"
              + " its CKA_ID %s and the label %s",
          HexFormat.of().formatHex(session.attribute(hidden.getFirst(), Attribute.CKA_ID)),
          label);
    }
  }

  private List<Long> unfinished(KeyLabel label) throws CustodyException {
    return session.find(
        Attribute.privateKey(), label(label), new Attribute(Attribute.CKA_ID, UNFINISHED));
  }

  private static Attribute label(KeyLabel label) {
    return new Attribute(Attribute.CKA_LABEL, bytes(label));
  }

  private static byte[] bytes(KeyLabel label) {
    return label.value().getBytes(UTF_8);
  }

  /** A key on the token that nobody can see yet, and the provider that made it. */
  record Unfinished(KeyLabel label, KeyAlgorithm algorithm, KeyPair pair, Provider provider) {

    X509Certificate placeholder() throws GeneralSecurityException {
      return Placeholder.of(label, algorithm, pair.getPublic(), pair.getPrivate(), provider);
    }
  }

  /** Makes a key, under a label that is free. */
  Unfinished begin(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    removeUnfinished(label);
    Provider generating = provider(settings, token, identity(label));
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family(), generating);
      generator.initialize(algorithm.generation());
      KeyPair pair = generator.generateKeyPair();
      requireKept(label);
      return new Unfinished(label, algorithm, pair, generating);
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + label + ": cannot make " + algorithm, e);
    }
  }

  // KC-7: a crash between the key and its certificate leaves a key that nobody has ever used.
  private void removeUnfinished(KeyLabel label) throws CustodyException {
    for (long object : unfinished(label)) {
      session.destroy(object);
    }
  }

  private static String identity(KeyLabel label) {
    HexFormat hex = HexFormat.of();
    return "CKA_LABEL = 0h%s CKA_ID = 0h%s"
        .formatted(hex.formatHex(bytes(label)), hex.formatHex(UNFINISHED));
  }

  // P11-12: a token may take a template and not keep to it.
  private void requireKept(KeyLabel label) throws CustodyException {
    List<Long> made = unfinished(label);
    if (made.size() != 1) {
      throw failure(Fault.BROKEN, label, "one was made, and there are %d", made.size());
    }
    long key = made.getFirst();
    boolean kept =
        session.flag(key, Attribute.CKA_TOKEN)
            && session.flag(key, Attribute.CKA_SENSITIVE)
            && session.flag(key, Attribute.CKA_ALWAYS_SENSITIVE)
            && !session.flag(key, Attribute.CKA_EXTRACTABLE)
            && session.flag(key, Attribute.CKA_NEVER_EXTRACTABLE);
    if (!kept) {
      session.destroy(key);
      throw failure(Fault.DENIED, label, "the token would not keep it sensitive and unextractable");
    }
  }

  /** Gives the key its certificate, and with it its place under the label (P11-10). */
  void finish(Unfinished key) throws CustodyException {
    try {
      KeyStore store = store(key.provider());
      // Another process was faster: storing over its entry would destroy its key.
      if (store.containsAlias(key.label().value())) {
        removeUnfinished(key.label());
        throw failure(Fault.REJECTED, key.label(), "the label was taken meanwhile");
      }
      Certificate[] chain = {key.placeholder()};
      store.setKeyEntry(key.label().value(), key.pair().getPrivate(), null, chain);
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + key.label() + ": cannot store it", e);
    }
  }

  /** Destroys the key and its certificate. */
  void destroy(TokenKey key) throws CustodyException {
    signers.remove(key.publicKey());
    try {
      store(provider).deleteEntry(key.alias());
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + key.label() + ": cannot be destroyed", e);
    }
  }

  byte[] sign(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey, byte[] message)
      throws CustodyException {
    try {
      Signature signature = Signature.getInstance(algorithm.signatureName(), provider);
      signature.initSign(signer(label, publicKey));
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + label + ": cannot sign", e);
    }
  }

  private PrivateKey signer(KeyLabel label, PublicKey publicKey)
      throws CustodyException, GeneralSecurityException {
    PrivateKey known = signers.get(publicKey);
    if (known != null) {
      return known;
    }
    PrivateKey reference = reference(label, publicKey);
    signers.put(publicKey, reference);
    return reference;
  }

  /** What this process has of a private key: the power to ask the token for signatures. */
  PrivateKey reference(KeyLabel label, PublicKey publicKey)
      throws CustodyException, GeneralSecurityException {
    TokenKey key =
        key(publicKey)
            .orElseThrow(() -> failure(Fault.REJECTED, label, "it is not on the token any more"));
    return (PrivateKey) store(provider).getKey(key.alias(), null);
  }

  @FormatMethod
  private CustodyException failure(Fault fault, Object label, String why, Object... parts) {
    return new CustodyException(
        fault, settings.where() + ": key " + label + ": " + why.formatted(parts));
  }

  /** Leaves the token; what others do with it goes on, for there is no logout (P11-6). */
  @Override
  public void close() {
    session.close();
  }
}
