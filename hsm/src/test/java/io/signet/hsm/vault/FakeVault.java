package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signet.hsm.KeyAlgorithm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/**
 * A Vault in this process that fails as it is told. It has P-256 keys that sign, takes in others,
 * and logs in whoever comes, with a new token each time; it believes the latest.
 */
final class FakeVault implements AutoCloseable {

  /** What it answers instead of what it would. */
  record Reply(int status, String body, Map<String, String> headers) {
    static Reply of(int status, String... errors) {
      String quoted =
          String.join(",", java.util.Arrays.stream(errors).map(e -> "\"" + e + "\"").toList());
      return new Reply(status, "{\"errors\":[" + quoted + "]}", Map.of());
    }

    Reply with(String header, String value) {
      return new Reply(status, body, Map.of(header, value));
    }
  }

  record Request(
      String method, String path, String token, String namespace, String mustKnow, String body) {}

  private record Fault(String part, Reply reply) {}

  private static final int WRAPPING_BYTES = 256;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, KeyPair> keys = new ConcurrentHashMap<>();
  private final KeyPair wrapping = newPair(KeyAlgorithm.RSA_2048);
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final ConcurrentLinkedDeque<Fault> once = new ConcurrentLinkedDeque<>();
  private final Map<String, Reply> always = new ConcurrentHashMap<>();
  private final Map<String, CountDownLatch> holds = new ConcurrentHashMap<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();

  volatile int leaseSeconds = 3600;
  volatile int renewalSeconds = 3600;
  volatile boolean renewable = true;
  volatile int signingVersion = 1;
  volatile int spoiltItem = -1;
  volatile boolean corrupt;

  /** The only key that it takes in: of the private half alone it does not know the public one. */
  volatile KeyPair importable = newPair(KeyAlgorithm.EC_P256);

  FakeVault() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The next request whose path has this part gets this reply. */
  void once(String part, Reply reply) {
    once.add(new Fault(part, reply));
  }

  /** From now on all do. */
  void always(String part, Reply reply) {
    always.put(part, reply);
  }

  void heal() {
    once.clear();
    always.clear();
  }

  /** Requests whose path has this part wait until {@link #release}. */
  void hold(String part) {
    holds.put(part, new CountDownLatch(1));
  }

  void release(String part) {
    CountDownLatch held = holds.remove(part);
    if (held != null) {
      held.countDown();
    }
  }

  List<Request> requests(String part) {
    return requests.stream().filter(request -> request.path().contains(part)).toList();
  }

  /** Those that it believes. */
  List<String> tokens() {
    return List.copyOf(tokens);
  }

  /** Ends every token. */
  void forgetTokens() {
    tokens.clear();
  }

  /** Another node of the same cluster: its keys and tokens. */
  void joins(FakeVault other) {
    keys.putAll(other.keys);
    tokens.addAll(other.tokens);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().toString().substring("/v1/".length());
      Request request =
          new Request(
              exchange.getRequestMethod(),
              path,
              header(exchange, "X-Vault-Token"),
              header(exchange, "X-Vault-Namespace"),
              header(exchange, "X-Vault-Index") + header(exchange, "X-Vault-Inconsistent"),
              new String(exchange.getRequestBody().readAllBytes(), UTF_8));
      requests.add(request);
      waitIfHeld(path);
      send(exchange, reply(request));
    }
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  private void waitIfHeld(String path) {
    holds.forEach((part, latch) -> {
      if (path.contains(part)) {
        try {
          latch.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    });
  }

  private static void send(HttpExchange exchange, Reply reply) throws IOException {
    reply.headers().forEach(exchange.getResponseHeaders()::set);
    byte[] body = reply.body().getBytes(UTF_8);
    exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private Reply reply(Request request) {
    for (Fault fault : once) {
      if (request.path().contains(fault.part()) && once.remove(fault)) {
        return fault.reply();
      }
    }
    for (Map.Entry<String, Reply> fault : always.entrySet()) {
      if (request.path().contains(fault.getKey())) {
        return fault.getValue();
      }
    }
    return answer(request);
  }

  private Reply answer(Request request) {
    String path = request.path();
    if (path.startsWith("sys/health")) {
      return ok("{\"sealed\":false}");
    }
    if (path.endsWith("/login")) {
      String token = "s.token-" + (tokens.size() + requests.size());
      tokens.add(token);
      return auth(token, leaseSeconds, renewable);
    }
    if (!tokens.contains(request.token())) {
      return Reply.of(403, "permission denied");
    }
    return switch (path) {
      case "auth/token/renew-self" -> auth(request.token(), renewalSeconds, renewable);
      case "auth/token/revoke-self" -> {
        tokens.remove(request.token());
        yield new Reply(204, "", Map.of());
      }
      case "auth/token/lookup-self" ->
          data("\"ttl\":" + leaseSeconds + ",\"renewable\":" + renewable);
      case "transit/wrapping_key" -> data("\"public_key\":\"" + pem(wrapping.getPublic()) + "\"");
      default -> path.contains("/sign/") ? sign(request) : key(request);
    };
  }

  /** Believes a token that no login has made. */
  void believe(String token) {
    tokens.add(token);
  }

  /** Makes a key, as somebody else would. */
  void makeKey(String name) {
    KeyPair _ = keys.computeIfAbsent(name, _ -> newPair(KeyAlgorithm.EC_P256));
  }

  private Reply key(Request request) {
    if (request.path().contains("?list=true")) {
      return data("\"keys\":[\"" + String.join("\",\"", keys.keySet()) + "\"]");
    }
    String name = request.path().split("/")[2];
    switch (request.method()) {
      case "POST" -> {
        if (request.path().endsWith("/import")) {
          return imported(name, request.body());
        }
        makeKey(name);
      }
      case "DELETE" -> {
        KeyPair _ = keys.remove(name);
        return new Reply(204, "", Map.of());
      }
      default -> {}
    }
    KeyPair pair = keys.get(name);
    return pair == null ? Reply.of(404) : described(pair);
  }

  private Reply imported(String name, String body) {
    Matcher ciphertext = Pattern.compile("\"ciphertext\":\"([^\"]*)\"").matcher(body);
    if (keys.containsKey(name) || !ciphertext.find()) {
      return Reply.of(400, "the import path cannot be used with an existing key");
    }
    Key key = unwrapped(ByteBuffer.wrap(Base64.getDecoder().decode(ciphertext.group(1))));
    if (!key.equals(importable.getPrivate())) {
      return Reply.of(400, "not the key that was announced");
    }
    keys.put(name, importable);
    return new Reply(204, "", Map.of());
  }

  private Key unwrapped(ByteBuffer content) {
    byte[] head = new byte[WRAPPING_BYTES];
    byte[] tail = new byte[content.remaining() - WRAPPING_BYTES];
    content.get(head).get(tail);
    var padding =
        new OAEPParameterSpec(
            "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
    try {
      Cipher rsa = Cipher.getInstance("RSA/ECB/OAEPPadding");
      rsa.init(Cipher.UNWRAP_MODE, wrapping.getPrivate(), padding);
      Cipher aes = Cipher.getInstance("AES/KWP/NoPadding");
      aes.init(Cipher.UNWRAP_MODE, rsa.unwrap(head, "AES", Cipher.SECRET_KEY));
      return aes.unwrap(tail, "EC", Cipher.PRIVATE_KEY);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Reply described(KeyPair pair) {
    return data(
        "\"type\":\"ecdsa-p256\",\"latest_version\":1,\"exportable\":false,"
            + "\"keys\":{\"1\":{\"public_key\":\""
            + pem(pair.getPublic())
            + "\"}}");
  }

  private static String pem(PublicKey key) {
    return "-----BEGIN PUBLIC KEY-----\\n"
        + Base64.getEncoder().encodeToString(key.getEncoded())
        + "\\n-----END PUBLIC KEY-----\\n";
  }

  private Reply sign(Request request) {
    KeyPair pair = keys.get(request.path().split("/")[2]);
    if (pair == null) {
      return Reply.of(400, "signing key not found");
    }
    List<String> inputs = inputs(request.body());
    if (!request.body().contains("batch_input")) {
      return data("\"signature\":\"" + signature(pair, inputs.getFirst()) + "\"");
    }
    List<String> results = new ArrayList<>();
    for (String input : inputs) {
      String result =
          results.size() == spoiltItem
              ? "\"error\":\"spoilt\""
              : "\"signature\":\"" + signature(pair, input) + "\"";
      results.add("{" + result + ",\"reference\":\"" + results.size() + "\"}");
    }
    return data("\"batch_results\":[" + String.join(",", results) + "]");
  }

  private static List<String> inputs(String body) {
    Matcher input = Pattern.compile("\"input\":\"([^\"]*)\"").matcher(body);
    return input.results().map(found -> found.group(1)).toList();
  }

  private String signature(KeyPair pair, String digest) {
    try {
      Signature signer = Signature.getInstance("NONEwithECDSA");
      signer.initSign(pair.getPrivate());
      signer.update(Base64.getDecoder().decode(digest));
      byte[] der = signer.sign();
      if (corrupt) {
        der[der.length - 1] ^= 1;
      }
      return "vault:v" + signingVersion + ":" + Base64.getEncoder().encodeToString(der);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair newPair(KeyAlgorithm algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
      generator.initialize(algorithm.generation());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Reply auth(String token, int seconds, boolean renewable) {
    return ok(
        "{\"auth\":{\"client_token\":\"%s\",\"lease_duration\":%d,\"renewable\":%s}}"
            .formatted(token, seconds, renewable));
  }

  private static Reply data(String members) {
    return ok("{\"data\":{" + members + "}}");
  }

  private static Reply ok(String body) {
    return new Reply(200, body, Map.of("Content-Type", "application/json"));
  }

  @Override
  public void close() {
    List.copyOf(holds.keySet()).forEach(this::release);
    server.stop(0);
    threads.shutdownNow();
  }

  /** A server that is not there: nothing listens at this address. */
  static URI nobody() {
    try (var socket = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
