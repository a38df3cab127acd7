package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS to Vault by files of PEM. */
final class Tls {

  private static final Pattern PKCS8 =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");
  private static final char[] IN_MEMORY_ONLY = {};

  private Tls() {}

  /** Messages name the file, never what is in it. */
  static SSLContext context(Optional<Path> caFile, Optional<VaultAuth.Cert> identity)
      throws GeneralSecurityException, IOException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        identity.isEmpty() ? null : keyManagers(identity.get()),
        caFile.isEmpty() ? null : trustManagers(caFile.get()),
        null);
    return context;
  }

  private static TrustManager[] trustManagers(Path file)
      throws GeneralSecurityException, IOException {
    KeyStore store = emptyStore();
    int number = 0;
    for (Certificate certificate : certificates(file)) {
      store.setCertificateEntry("ca-" + number++, certificate);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager[] keyManagers(VaultAuth.Cert identity)
      throws GeneralSecurityException, IOException {
    KeyStore store = emptyStore();
    Certificate[] chain = certificates(identity.certificateFile()).toArray(Certificate[]::new);
    store.setKeyEntry("client", key(identity.keyFile()), IN_MEMORY_ONLY, chain);
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, IN_MEMORY_ONLY);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws GeneralSecurityException, IOException {
    try (InputStream pem = Files.newInputStream(file)) {
      Collection<? extends Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (all.isEmpty()) {
        throw new CertificateException(file + " holds no certificate");
      }
      return all;
    } catch (CertificateException e) {
      throw new CertificateException(file + " is no PEM of certificates", e);
    }
  }

  private static PrivateKey key(Path file) throws GeneralSecurityException, IOException {
    Matcher pem = PKCS8.matcher(Files.readString(file, US_ASCII));
    if (!pem.find()) {
      throw new InvalidKeySpecException(file + " holds no unencrypted PKCS#8 key in PEM");
    }
    @Nullable GeneralSecurityException last = null;
    for (String family : List.of("EC", "RSA", "EdDSA")) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
        return KeyFactory.getInstance(family).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException e) {
        last = e;
      } catch (IllegalArgumentException e) {
        throw new InvalidKeySpecException(file + " is no base64", e);
      }
    }
    throw new InvalidKeySpecException(file + " holds a key of an unknown kind", last);
  }
}
