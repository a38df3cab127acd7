package io.signet.attestation.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.signet.attestation.TrustedUrl;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The keys that an issuer publishes. Each document is bounded in size, and in time as a whole: an
 * answer that trickles in is none. Redirects are not followed, for the address that was configured
 * is the one that is trusted.
 */
final class KeysOverHttp implements KeySource {

  // The largest of the known sets has a tenth of it.
  private static final int LARGEST = 256 * 1024;

  private final HttpClient client;
  private final Duration limit;
  private final URI start;
  private final Optional<String> issuer;

  private KeysOverHttp(HttpClient client, Duration limit, URI start, Optional<String> issuer) {
    this.client = client;
    this.limit = limit;
    this.start = start;
    this.issuer = issuer;
  }

  /**
   * The JWK set at this address.
   *
   * @param caFile whom to trust for TLS, as PEM; empty: whom the JDK trusts
   * @param limit for each document
   */
  static KeysOverHttp at(URI jwks, Optional<Path> caFile, Duration limit) throws IOException {
    return new KeysOverHttp(client(caFile, limit), limit, jwks, Optional.empty());
  }

  /**
   * The JWK set that the issuer's discovery document names (OpenID Connect Discovery, section 4).
   */
  static KeysOverHttp discovered(String issuer, Optional<Path> caFile, Duration limit)
      throws IOException {
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    URI document = TrustedUrl.parse(base + "/.well-known/openid-configuration");
    return new KeysOverHttp(client(caFile, limit), limit, document, Optional.of(issuer));
  }

  private static HttpClient client(Optional<Path> caFile, Duration limit) throws IOException {
    var builder =
        HttpClient.newBuilder()
            .connectTimeout(limit)
            .followRedirects(Redirect.NEVER)
            .version(Version.HTTP_1_1);
    if (caFile.isPresent()) {
      builder.sslContext(trusting(caFile.get()));
    }
    return builder.build();
  }

  private static SSLContext trusting(Path caFile) throws IOException {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (X509Certificate ca : Pem.certificates(Files.readString(caFile))) {
        store.setCertificateEntry("ca-" + store.size(), ca);
      }
      if (store.size() == 0) {
        throw new IllegalArgumentException("no certificate");
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(caFile + ": " + e.getMessage() + " (expected: CA certificates)", e);
    }
  }

  @Override
  public String read() throws IOException {
    String document = get(start);
    return issuer.isPresent() ? get(jwksUri(issuer.get(), document)) : document;
  }

  // Section 4.3: the document must speak of this very issuer.
  private URI jwksUri(String issuer, String document) throws IOException {
    try {
      Map<String, Object> members = JSONObjectUtils.parse(document);
      String named = JSONObjectUtils.getString(members, "issuer");
      if (!issuer.equals(named)) {
        throw new IOException("%s: issuer %s (expected: %s)".formatted(start, named, issuer));
      }
      return TrustedUrl.parse(String.valueOf(JSONObjectUtils.getString(members, "jwks_uri")));
    } catch (ParseException e) {
      throw new IOException(start + ": no discovery document (expected: JSON)", e);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: jwks_uri: %s".formatted(start, e.getMessage()), e);
    }
  }

  private String get(URI url) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(url).header("Accept", "application/json").timeout(limit).build();
    CompletableFuture<HttpResponse<String>> answer =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(UTF_8), LARGEST));
    try {
      return body(url, answer.get(limit.toNanos(), NANOSECONDS));
    } catch (ExecutionException e) {
      throw new IOException(url + ": " + reason(e.getCause()), e);
    } catch (TimeoutException e) {
      throw new IOException(url + ": no whole answer within " + limit, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(url + ": interrupted", e);
    } finally {
      answer.cancel(true);
    }
  }

  private static String body(URI url, HttpResponse<String> answer) throws IOException {
    if (answer.statusCode() != 200) {
      throw new IOException("%s: status %d (expected: 200)".formatted(url, answer.statusCode()));
    }
    return answer.body();
  }

  // A refused connection has no message of its own.
  private static String reason(@Nullable Throwable cause) {
    return cause == null || cause.getMessage() == null ? String.valueOf(cause) : cause.getMessage();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
