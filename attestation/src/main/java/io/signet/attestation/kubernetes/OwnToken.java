package io.signet.attestation.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.OAuthTokenProvider;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Our own token for the API server, read again every minute as Kubernetes' own clients do: kubelet
 * replaces it long before it expires. When it cannot be read the last one is kept.
 */
final class OwnToken implements OAuthTokenProvider {

  private static final Duration FRESH = Duration.ofMinutes(1);

  /** Where the token comes from; null for who has none, but a client certificate. */
  @FunctionalInterface
  interface Source {
    @Nullable String read() throws IOException;
  }

  private final Source source;
  private final Clock clock;
  private String token;
  private Instant readAt;

  private OwnToken(Source source, Clock clock, String token) {
    this.source = source;
    this.clock = clock;
    this.token = token;
    this.readAt = clock.instant();
  }

  static OwnToken reading(Source source, Clock clock) throws IOException {
    return new OwnToken(source, clock, strip(source.read()));
  }

  private static String strip(@Nullable String token) {
    return token == null ? "" : token.strip();
  }

  /** Empty for none. */
  @Override
  public synchronized String getToken() {
    // Also when the clock was set back, for then its own expiry is as far off as ever.
    if (Duration.between(readAt, clock.instant()).abs().compareTo(FRESH) >= 0) {
      reread();
    }
    return token;
  }

  private void reread() {
    readAt = clock.instant();
    try {
      token = strip(source.read());
    } catch (IOException | IllegalArgumentException | KubernetesClientException unreadableNow) {
      // The API server says so when the old one is no longer good, and the review tells it.
    }
  }
}
