package io.signet.attestation.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Loopback;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An issuer that signs tokens and publishes its keys and a discovery document, or does what it is
 * told instead. What it was asked for is kept.
 */
public final class FakeIssuer implements AutoCloseable {

  static final String AUDIENCE = "istio-ca";

  /** What it gives back for a request. */
  public interface Behaviour {
    void on(HttpExchange exchange) throws IOException, InterruptedException;
  }

  private final HttpServer server;
  private final String scheme;
  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  public FakeIssuer(ECKey... keys) {
    this(Loopback.httpServer(), "http", keys);
  }

  FakeIssuer(HttpServer server, String scheme, ECKey... keys) {
    this.server = server;
    this.scheme = scheme;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
    publish(keys);
    discovery(url(), jwksUrl().toString());
  }

  public static ECKey key(String kid) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(kid).generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  public String url() {
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  public URI jwksUrl() {
    return URI.create(url() + "/keys");
  }

  /** From now on its keys are these. */
  public void publish(ECKey... keys) {
    answer("/keys", 200, jwks(keys));
  }

  static String jwks(ECKey... keys) {
    return new JWKSet(List.<JWK>of(keys)).toString();
  }

  /** From now on its discovery document says this. */
  void discovery(String issuer, String jwksUri) {
    answer(
        "/.well-known/openid-configuration",
        200,
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s\"}".formatted(issuer, jwksUri));
  }

  public void answer(String path, int code, String body) {
    behave(path, exchange -> respond(exchange, code, body));
  }

  public void behave(String path, Behaviour behaviour) {
    behaviours.put(path, behaviour);
  }

  /** The paths that it was asked for, in order. */
  public List<String> asked() {
    return List.copyOf(asked);
  }

  /** A token of ten minutes for account {@code default/web}. */
  public BearerToken token(ECKey key, Clock clock) {
    Date now = Date.from(clock.instant());
    var claims =
        new JWTClaimsSet.Builder()
            .issuer(url())
            .audience(AUDIENCE)
            .subject("system:serviceaccount:default:web")
            .issueTime(now)
            .expirationTime(Date.from(clock.instant().plus(Duration.ofMinutes(10))))
            .build();
    var header = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build();
    try {
      var token = new SignedJWT(header, claims);
      token.sign(new ECDSASigner(key));
      return new BearerToken(token.serialize(), "");
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      asked.add(path);
      behaviours.getOrDefault(path, unknown -> respond(unknown, 404, "")).on(exchange);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private static void respond(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
