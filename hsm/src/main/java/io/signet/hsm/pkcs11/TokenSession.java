package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.FormatMethod;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.ForeignKey;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import io.signet.hsm.pkcs11.Pkcs11Module.Slots;
import io.signet.hsm.pkcs11.Pkcs11Module.Token;
import io.signet.hsm.pkcs11.TokenKeys.Origin;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
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
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
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
 * <p>Safe for use by many threads, except that keys are made one at a time. What takes several
 * calls of the library, save signatures, is one step for the threads of this process.
 */
final class TokenSession implements AutoCloseable {

  private static final String GONE = "it is not on the token any more";

  /** How a token gives out the point of an EC public key (P11-20); SunPKCS11 reads one of them. */
  private enum Points {
    /** In an OCTET STRING, as the standard wants it. */
    WRAPPED,
    RAW;

    Points other() {
      return this == WRAPPED ? RAW : WRAPPED;
    }
  }

  /** What makes keys of a token that gives out its points so. */
  private record Maker(Points points, Provider provider) {}

  private final Pkcs11Settings settings;
  private final Token token;
  private final NativeSession session;
  private final TokenKeys keys;
  private final Provider provider;
  private final Map<PublicKey, PrivateKey> signers = new ConcurrentHashMap<>();
  private Maker maker;

  private TokenSession(
      Pkcs11Settings settings, Token token, NativeSession session, Provider provider) {
    this.settings = settings;
    this.token = token;
    this.session = session;
    this.keys = new TokenKeys(session, settings.where());
    this.provider = provider;
    this.maker = new Maker(Points.WRAPPED, provider);
  }

  static TokenSession open(Pkcs11Settings settings, char[] pin) throws CustodyException {
    Pkcs11Module module = Pkcs11Module.load(settings.library());
    Token token = choose(settings, module);
    NativeSession session = NativeSession.open(module, settings.where(), token.slot());
    try {
      session.login(pin);
      Provider provider = provider(settings, token, Points.WRAPPED);
      return new TokenSession(settings, token, session, provider);
    } catch (CustodyException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  // P11-13
  static Token choose(Pkcs11Settings settings, Pkcs11Module module) throws CustodyException {
    Slots slots = module.slots();
    List<Token> fitting =
        slots.tokens().stream()
            .filter(token -> token.label().equals(settings.tokenLabel()))
            .filter(token -> settings.serial().map(token.serial()::equals).orElse(true))
            .toList();
    if (fitting.isEmpty()) {
      throw new CustodyException(
          Fault.LOST,
          "%s%s is not there; tokens that are: %s%s (check that the device is connected)"
              .formatted(
                  settings.where(),
                  settings.serial().map(" with serial "::concat).orElse(""),
                  slots.tokens().stream().map(Token::label).toList(),
                  slots.silent().isEmpty() ? "" : "; that do not answer: " + slots.silent()));
    }
    if (fitting.size() > 1) {
      throw new CustodyException(
          Fault.DENIED,
          "%s is ambiguous: the tokens with the serials %s have this label (name one serial)"
              .formatted(settings.where(), fitting.stream().map(Token::serial).toList()));
    }
    return fitting.getFirst();
  }

  // P11-12: what it generates or imports stays on the token; TokenKeys finds it there by its label
  // and CKA_ID. The public half is in the certificate; as a token object it would outlive a
  // destroyed key.
  private static Provider provider(Pkcs11Settings settings, Token token, Points points)
      throws CustodyException {
    String configuration =
        """
        --name = signet
        library = "%1$s"
        slot = %2$d
        useEcX963Encoding = %4$s
        attributes(generate, CKO_PRIVATE_KEY, *) = { %3$s }
        attributes(import, CKO_PRIVATE_KEY, *) = { %3$s }
        attributes(generate, CKO_PUBLIC_KEY, *) = { CKA_TOKEN = false }
        """
            .formatted(quoted(settings), token.slot(), unfinished(), points == Points.RAW);
    try {
      return Security.getProvider("SunPKCS11").configure(configuration);
    } catch (ProviderException | IllegalArgumentException e) {
      throw Ckr.failure(settings.where(), "SunPKCS11 does not start", e);
    }
  }

  private static String unfinished() {
    return """
      CKA_TOKEN = true
      CKA_PRIVATE = true
      CKA_SENSITIVE = true
      CKA_EXTRACTABLE = false
      CKA_SIGN = true
      CKA_LABEL = 0h%1$s
      CKA_ID = 0h%1$s
    """
        .formatted(HexFormat.of().formatHex(TokenKeys.UNFINISHED.getBytes(UTF_8)));
  }

  private static String quoted(Pkcs11Settings settings) {
    return settings.library().toString().replace("\\", "\\\\").replace("\"", "\\\"");
  }

  /** P11-14: what the token's mechanisms allow. */
  boolean makes(KeyAlgorithm algorithm) {
    return signs(algorithm) && provider.getService("KeyPairGenerator", algorithm.family()) != null;
  }

  /** The same for keys that are made elsewhere. */
  boolean takes(KeyAlgorithm algorithm) {
    return signs(algorithm) && provider.getService("KeyFactory", algorithm.family()) != null;
  }

  private boolean signs(KeyAlgorithm algorithm) {
    return provider.getService("Signature", algorithm.signatureName()) != null;
  }

  /** As {@link TokenKeys#key(PublicKey)}. */
  synchronized Optional<TokenKey> key(PublicKey publicKey) throws CustodyException {
    return keys.key(publicKey);
  }

  /** As {@link TokenKeys#key(KeyLabel)}. */
  synchronized Optional<TokenKey> key(KeyLabel label) throws CustodyException {
    return keys.key(label);
  }

  /**
   * A key on the token that nobody can see yet.
   *
   * @param maker what its private half can sign with
   */
  record Unfinished(
      KeyLabel label, KeyAlgorithm algorithm, KeyPair pair, Provider maker, long object) {}

  /** Makes a key, under a label that is free. */
  // Signatures go on meanwhile; but SoftHSM 2.6 now and then answers CKR_GENERAL_ERROR to a
  // generation while others list or destroy objects.
  synchronized Unfinished begin(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    Optional<Unfinished> begun = begun(label, algorithm, maker.provider());
    if (begun.isPresent()) {
      return begun.get();
    }
    Points points = maker.points().other();
    Maker other = new Maker(points, provider(settings, token, points));
    Unfinished key =
        begun(label, algorithm, other.provider())
            .orElseThrow(() ->
                failure(
                    Fault.REJECTED,
                    label,
                    "the token gives its public half (CKA_EC_POINT) in an unknown form"));
    maker = other;
    return key;
  }

  /** Empty when the public half cannot be read by this provider; nothing is left then. */
  private Optional<Unfinished> begun(KeyLabel label, KeyAlgorithm algorithm, Provider by)
      throws CustodyException {
    keys.removeLeftovers(label);
    KeyPair pair = newPair(label, algorithm, by);
    if (!isReadable(label, pair.getPublic())) {
      keys.removeLeftovers(label);
      return Optional.empty();
    }
    long object = keys.claim(label, Origin.TOKEN);
    return Optional.of(new Unfinished(label, algorithm, pair, by, object));
  }

  private KeyPair newPair(KeyLabel label, KeyAlgorithm algorithm, Provider by)
      throws CustodyException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family(), by);
      generator.initialize(algorithm.generation());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + label + ": cannot make " + algorithm, e);
    }
  }

  // SunPKCS11 asks for it now, and has no exception of its own for a form that it does not know.
  private boolean isReadable(KeyLabel label, PublicKey publicKey) throws CustodyException {
    try {
      return publicKey.getEncoded() != null;
    } catch (ProviderException e) {
      CustodyException failure =
          Ckr.failure(settings.where(), "key " + label + ": its public half cannot be read", e);
      abandon(label, failure);
      throw failure;
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** Puts a copy of this key on the token, under its label, which is free. */
  synchronized Unfinished begin(ForeignKey key) throws CustodyException {
    keys.removeLeftovers(key.label());
    KeyPair pair = new KeyPair(key.publicKey(), copied(key));
    long object = keys.claim(key.label(), Origin.ELSEWHERE);
    return new Unfinished(key.label(), key.algorithm(), pair, provider, object);
  }

  // By its encoding: of a key object that it is given, SunPKCS11 keeps the secret in a cache.
  private PrivateKey copied(ForeignKey key) throws CustodyException {
    byte[] pkcs8 = key.privateKey().getEncoded();
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(pkcs8); // has a copy, which no one can wipe
    Arrays.fill(pkcs8, (byte) 0);
    try {
      return KeyFactory.getInstance(key.algorithm().family(), provider).generatePrivate(spec);
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + key.label() + ": cannot be taken in", e);
    }
  }

  /**
   * Gives the key its certificate, and with it its place under the label (P11-10); a key that
   * cannot have it is destroyed.
   *
   * @throws CustodyException {@link Fault#REJECTED} when the label was taken meanwhile, {@link
   *     Fault#BROKEN} when the key does not sign right (KC-1)
   */
  void finish(Unfinished key) throws CustodyException {
    try {
      store(key, placeholder(key));
    } catch (CustodyException e) {
      abandon(key.label(), e);
      throw e;
    }
  }

  X509Certificate placeholder(Unfinished key) throws CustodyException {
    try {
      KeyPair pair = key.pair();
      X509Certificate certificate =
          Placeholder.of(
              key.label(), key.algorithm(), pair.getPublic(), pair.getPrivate(), key.maker());
      requireVerifies(key.label(), certificate);
      return certificate;
    } catch (GeneralSecurityException | ProviderException e) {
      throw Ckr.failure(settings.where(), "key " + key.label() + ": cannot sign", e);
    }
  }

  private void requireVerifies(KeyLabel label, X509Certificate certificate)
      throws CustodyException {
    try {
      certificate.verify(certificate.getPublicKey());
    } catch (GeneralSecurityException e) {
      throw new CustodyException(
          Fault.BROKEN,
          settings.where() + ": key " + label + ": its signature does not verify; it was removed",
          e);
    }
  }

  private synchronized void store(Unfinished key, X509Certificate certificate)
      throws CustodyException {
    if (keys.key(key.label()).isPresent()) { // another process was faster
      throw failure(Fault.REJECTED, key.label(), "the label was taken meanwhile");
    }
    keys.certify(key.label(), certificate);
    keys.commit(key.object(), certificate.getPublicKey());
  }

  private synchronized void abandon(KeyLabel label, CustodyException why) {
    try {
      keys.removeLeftovers(label);
    } catch (CustodyException e) {
      why.addSuppressed(e);
    }
  }

  /** As {@link TokenKeys#destroy}. */
  synchronized void destroy(TokenKey key) throws CustodyException {
    Object _ = signers.remove(key.publicKey());
    keys.destroy(key);
  }

  byte[] sign(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey, byte[] message)
      throws CustodyException {
    PrivateKey signer = signer(label, publicKey);
    try {
      Signature signature = Signature.getInstance(algorithm.signatureName(), provider);
      signature.initSign(signer);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException | ProviderException e) {
      // It may be dead: the key was destroyed meanwhile, or has another handle now (P11-9).
      boolean _ = signers.remove(publicKey, signer);
      throw orGone(label, publicKey, Ckr.failure(settings.where(), "key " + label, e));
    }
  }

  private PrivateKey signer(KeyLabel label, PublicKey publicKey) throws CustodyException {
    PrivateKey known = signers.get(publicKey);
    if (known != null) {
      return known;
    }
    PrivateKey reference = reference(label, publicKey);
    signers.put(publicKey, reference);
    return reference;
  }

  private CustodyException orGone(KeyLabel label, PublicKey publicKey, CustodyException failure) {
    try {
      return key(publicKey).isPresent() ? failure : failure(Fault.REJECTED, label, GONE);
    } catch (CustodyException e) {
      failure.addSuppressed(e);
      return failure;
    }
  }

  /** What this process has of a private key: the power to ask the token for signatures. */
  synchronized PrivateKey reference(KeyLabel label, PublicKey publicKey) throws CustodyException {
    if (keys.key(publicKey).isEmpty()) {
      throw failure(Fault.REJECTED, label, GONE);
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", provider);
      store.load(null, null);
      for (String alias : Collections.list(store.aliases())) {
        Certificate certificate = store.getCertificate(alias);
        if (store.isKeyEntry(alias) && PublicKeys.same(certificate.getPublicKey(), publicKey)) {
          return (PrivateKey) store.getKey(alias, null);
        }
      }
    } catch (GeneralSecurityException | ProviderException | IOException e) {
      throw Ckr.failure(settings.where(), "key " + label + ": cannot be read", e);
    }
    throw failure(
        Fault.BROKEN,
        label,
        "SunPKCS11 does not see it; another certificate has its label, issuer and serial number");
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
