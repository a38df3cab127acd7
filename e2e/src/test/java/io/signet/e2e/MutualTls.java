package io.signet.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.spiffe.Pem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** A client of mutual TLS by the JDK, with what {@code svid fetch --out} has written. */
final class MutualTls {
  private static final int LIMIT_MILLIS = 10_000;
  private static final byte[] REQUEST =
      "GET / HTTP/1.1\r\nHost: e2e\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);
  private static final char[] NONE = {};

  private final SSLContext context;

  private MutualTls(SSLContext context) {
    this.context = context;
  }

  /** Shows {@code svid.pem} and trusts {@code bundle.pem}. */
  static MutualTls of(Path folder) throws Exception {
    return new MutualTls(context(keyManagers(folder), folder));
  }

  /** Trusts {@code bundle.pem}, and shows nothing. */
  static MutualTls withoutCertificate(Path folder) throws Exception {
    return new MutualTls(context(new KeyManager[0], folder));
  }

  /** Shows this certificate and trusts these roots; remembers no session of others. */
  static MutualTls of(PlayedCa.Identity own, List<X509Certificate> roots) throws Exception {
    return new MutualTls(context(new KeyManager[] {new Shown(own)}, roots));
  }

  /**
   * What an HTTP server on this machine answers. There is no host name in an SVID: its chain is
   * checked, a name is not.
   */
  String get(int port) throws IOException {
    try (var socket =
        context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LIMIT_MILLIS);
      socket.getOutputStream().write(REQUEST);
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  private static SSLContext context(KeyManager[] keys, Path folder) throws Exception {
    return context(keys, SignedChain.parse(Files.readString(folder.resolve("bundle.pem"))));
  }

  private static SSLContext context(KeyManager[] keys, List<X509Certificate> roots)
      throws Exception {
    KeyStore trusted = empty();
    for (var root : roots) {
      trusted.setCertificateEntry(root.getSerialNumber().toString(), root);
    }
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    var context = SSLContext.getInstance("TLS");
    context.init(keys, trust.getTrustManagers(), null);
    return context;
  }

  private static KeyManager[] keyManagers(Path folder) throws Exception {
    Certificate[] chain =
        SignedChain.parse(Files.readString(folder.resolve("svid.pem"))).toArray(Certificate[]::new);
    KeyStore own = empty();
    own.setKeyEntry("svid", key(folder), NONE, chain);
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, NONE);
    return keys.getKeyManagers();
  }

  /** Shows one certificate to everybody, also to a server that says that it trusts others. */
  private static final class Shown extends X509ExtendedKeyManager {
    private static final String ALIAS = "own";
    private final PlayedCa.Identity own;

    Shown(PlayedCa.Identity own) {
      this.own = own;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {own.certificate()};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return own.keys().getPrivate();
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      throw new UnsupportedOperationException("this is a client");
    }
  }

  private static PrivateKey key(Path folder) throws IOException, GeneralSecurityException {
    byte[] pkcs8 = Pem.decode("PRIVATE KEY", Files.readString(folder.resolve("svid.key")));
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NONE);
    return store;
  }
}
