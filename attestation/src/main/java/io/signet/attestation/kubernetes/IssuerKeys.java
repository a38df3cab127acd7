package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.text.ParseException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys with which a cluster signs tokens of its service accounts, as its API server publishes
 * them. They are fetched again and again, sooner when a token names another key, and count for a
 * while after each time.
 *
 * <p>{@link #run} is for one thread, all else for any.
 */
final class IssuerKeys implements Runnable {

  private static final String DISCOVERY = ".well-known/openid-configuration";
  private static final String JWKS = "openid/v1/jwks";

  private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);

  /**
   * @param least between two times to fetch, and how long one may take
   * @param usual between two times to fetch
   * @param valid how long the keys count after they were fetched
   */
  record Pace(Duration least, Duration usual, Duration valid) {
    static final Pace STANDARD =
        new Pace(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(1));
  }

  private final ApiClient client;
  private final Pace pace;
  private final LongSupplier nanoTime;
  private final Semaphore wanted = new Semaphore(0);
  private volatile @Nullable Fetched fetched;
  private volatile @Nullable String failure;

  private record Fetched(String issuer, KeySet keys, long at) {}

  IssuerKeys(ApiClient client, Pace pace, LongSupplier nanoTime) {
    this.client = client;
    this.pace = pace;
    this.nanoTime = nanoTime;
  }

  /**
   * The issuer, if one of its keys has signed the token. Empty means no more than that we cannot
   * tell.
   *
   * @param token three base64url parts
   */
  Optional<String> issuerOf(String token) {
    Fetched now = current();
    if (now == null) {
      return Optional.empty();
    }
    Optional<KeySet.Key> key = now.keys().keyOf(token);
    if (key.isEmpty()) {
      fetchSoon();
    }
    return key.filter(k -> k.hasSigned(token)).map(_ -> now.issuer());
  }

  private @Nullable Fetched current() {
    Fetched now = fetched;
    return now != null && nanoTime.getAsLong() - now.at() <= pace.valid().toNanos() ? now : null;
  }

  private void fetchSoon() {
    if (wanted.availablePermits() == 0) {
      wanted.release();
    }
  }

  /** Why the keys are not known, if so. */
  Optional<String> problem() {
    String why = failure;
    return current() != null
        ? Optional.empty()
        : Optional.of("keys: " + (why == null ? "not known yet" : why));
  }

  /** Fetches until interrupted. */
  @Override
  public void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        fetch();
      } catch (IOException | RuntimeException e) {
        if (!Thread.currentThread().isInterrupted()) {
          failed(e);
        }
      }
      pause();
    }
  }

  private void fetch() throws IOException {
    long begun = nanoTime.getAsLong();
    String issuer = issuer(text(DISCOVERY));
    fetched = new Fetched(issuer, keys(text(JWKS)), begun);
    if (failure != null) {
      LOG.info("known again: {}", client.url(JWKS));
    }
    failure = null;
  }

  private String text(String path) throws ApiException {
    return new String(client.get(path, pace.least()), UTF_8);
  }

  private String issuer(String discovery) throws IOException {
    try {
      String issuer = JSONObjectUtils.getString(JSONObjectUtils.parse(discovery), "issuer");
      if (issuer != null) {
        return issuer;
      }
    } catch (ParseException | RuntimeException e) {
      // Told below.
    }
    throw new IOException(client.url(DISCOVERY) + ": no issuer");
  }

  private KeySet keys(String jwks) throws IOException {
    try {
      KeySet keys = new KeySet(jwks);
      if (!keys.isEmpty()) {
        return keys;
      }
    } catch (ParseException e) {
      // Told below.
    }
    throw new IOException(client.url(JWKS) + ": no JWK set with keys of a known kind");
  }

  private void failed(Exception e) {
    if (failure == null) {
      LOG.warn("not known for now: {}", e.getMessage());
    }
    failure = String.valueOf(e.getMessage());
  }

  private void pause() {
    try {
      Thread.sleep(pace.least());
      if (failure == null) {
        long rest = pace.usual().minus(pace.least()).toNanos();
        var _ = wanted.tryAcquire(rest, TimeUnit.NANOSECONDS);
      }
      wanted.drainPermits();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
