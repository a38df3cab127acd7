package io.signet.ca.tls;

import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets every client certificate pass the handshake, because the handshake is not where callers are
 * judged. A certificate is evidence like a token: TLS proves here that the client holds its key,
 * and an attestor decides at each call whether the chain is trusted and valid. Were it refused
 * here, a foreign or expired certificate would break the connection of a caller whose token is good
 * (ISTIO-44). Nobody is trusted by having passed: without an attestor that judges certificates, a
 * certificate proves nothing.
 */
final class AnyClientCertificate extends X509ExtendedTrustManager {

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) {
    throw notAClient();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
    throw notAClient();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
    throw notAClient();
  }

  /** None: the client may show whatever it has. */
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }

  private static UnsupportedOperationException notAClient() {
    return new UnsupportedOperationException("judges the clients of a server only");
  }
}
