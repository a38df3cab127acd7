package io.signet.attestation.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.CertUtils;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * The JDK's HTTP client as fabric8 builds it, with two things put right: it trusts the configured
 * CA <em>only</em>, where fabric8 adds it to all the public ones, and it takes the tokens that we
 * review nowhere else, where fabric8 follows redirects.
 */
final class StrictHttp extends JdkHttpClientFactory {

  private final Config config;

  StrictHttp(Config config) {
    this.config = config;
  }

  @Override
  protected void additionalConfig(HttpClient.Builder builder) {
    builder.followRedirects(Redirect.NEVER);
    if (config.getCaCertData() != null || config.getCaCertFile() != null) {
      try {
        builder.sslContext(SSLUtils.sslContext(SSLUtils.keyManagers(config), configuredCaOnly()));
      } catch (GeneralSecurityException | IOException e) {
        throw new IllegalArgumentException("certificate-authority: " + e.getMessage(), e);
      }
    }
  }

  private TrustManager[] configuredCaOnly() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream pem =
        CertUtils.getInputStreamFromDataOrFile(config.getCaCertData(), config.getCaCertFile())) {
      for (Certificate ca : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        store.setCertificateEntry("ca-" + store.size(), ca);
      }
    }
    if (store.size() == 0) {
      throw new CertificateException("no certificate");
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    return trust.getTrustManagers();
  }
}
