package io.signet.e2e.bench;

import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Checks a server's chain once and knows it again: Envoy does it in native code, and the JDK's way
 * would cost the machine more than the handshake that is measured. Safe for use by many threads.
 */
final class RememberedTrust implements X509TrustManager {

  private final X509TrustManager strict;
  private final Set<List<X509Certificate>> trusted = ConcurrentHashMap.newKeySet();

  private RememberedTrust(X509TrustManager strict) {
    this.strict = strict;
  }

  /** Trusts the roots in this file. */
  static RememberedTrust in(Path caFile) throws IOException {
    try {
      KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
      roots.load(null, null);
      for (X509Certificate root : Pem.certificates(Files.readString(caFile))) {
        roots.setCertificateEntry(root.getSerialNumber().toString(), root);
      }
      var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(roots);
      return new RememberedTrust((X509TrustManager) factory.getTrustManagers()[0]);
    } catch (GeneralSecurityException e) {
      throw new IOException(caFile + ": no roots to trust", e);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange)
      throws CertificateException {
    List<X509Certificate> shown = Arrays.asList(chain);
    if (!trusted.contains(shown)) {
      strict.checkServerTrusted(chain, keyExchange);
      boolean _ = trusted.add(shown);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyExchange)
      throws CertificateException {
    throw new CertificateException("no client is checked here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return strict.getAcceptedIssuers();
  }
}
