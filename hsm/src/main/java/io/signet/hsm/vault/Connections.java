package io.signet.hsm.vault;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.util.Optional;

/** The one HTTP client (DRV-3), made anew when the files behind its TLS may have changed. */
final class Connections implements AutoCloseable {

  private final VaultSettings settings;
  private volatile HttpClient http;

  /**
   * Reads the files.
   *
   * @throws CustodyException {@link Fault#DENIED} when one is missing or no use
   */
  Connections(VaultSettings settings) throws CustodyException {
    this.settings = settings;
    this.http = client(settings);
  }

  HttpClient http() {
    return http;
  }

  /** Reads the files again; calls that are under way end on the old connections. */
  void renew() throws CustodyException {
    HttpClient old = http;
    http = client(settings);
    old.shutdown();
  }

  // HTTP/1.1: a connection for each of a few calls is plenty, and every proxy knows it.
  private static HttpClient client(VaultSettings settings) throws CustodyException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER) // VST-7
            .connectTimeout(settings.deadline().dividedBy(2)); // leaves time for another node
    Optional<VaultAuth.Cert> identity =
        settings.auth() instanceof VaultAuth.Cert cert ? Optional.of(cert) : Optional.empty();
    if (settings.caFile().isPresent() || identity.isPresent()) {
      try {
        builder = builder.sslContext(Tls.context(settings.caFile(), identity));
      } catch (GeneralSecurityException | IOException e) {
        throw new CustodyException(
            Fault.DENIED, settings.where() + ": TLS cannot be set up: " + e.getMessage(), e);
      }
    }
    return builder.build();
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
