package io.signet.ca.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The key of a client, counting how often its certificate is wanted. */
public final class CountingKeys extends X509ExtendedKeyManager {
  private final TestCertificates certificate;
  private final AtomicInteger asked;

  public CountingKeys(TestCertificates certificate, AtomicInteger asked) {
    this.certificate = certificate;
    this.asked = asked;
  }

  @Override
  public String chooseEngineClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return chooseClientAlias(keyType, issuers, null);
  }

  @Override
  public String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return "client";
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return certificate.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    asked.incrementAndGet();
    return certificate.keys().getPrivate();
  }

  @Override
  public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {"client"};
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
