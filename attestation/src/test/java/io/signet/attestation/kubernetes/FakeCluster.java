package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.signet.attestation.Loopback;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An API server with what judging tokens needs: accounts, pods, nodes and secrets, to be listed and
 * watched; keys; and TokenReviews by the rules of Kubernetes' {@code claims.go}. A test may step in
 * before any request.
 */
final class FakeCluster implements TestCluster {

  private static final String ISSUER = "https://kubernetes.default.svc";
  private static final Duration LEEWAY = Duration.ofMinutes(1);
  private static final Duration BOOKMARKS = Duration.ofMillis(100);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Answers a request itself, or leaves it to the cluster. */
  interface Interference {
    boolean answers(HttpExchange exchange, String request) throws IOException, InterruptedException;
  }

  private record Event(long version, String type, Kind kind, ObjectNode object) {}

  private final Path directory;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();
  private volatile Interference interference = (_, _) -> false;

  // Guarded by this.
  private final Map<String, ObjectNode> objects = new TreeMap<>();
  private final List<Event> events = new ArrayList<>();
  private final List<RSAKey> keys = new ArrayList<>();
  private long version = 100;
  private long oldest = 100;
  private long watchesUntil;
  private boolean quiet;

  FakeCluster(Path directory) throws IOException {
    this.directory = directory;
    this.server = Loopback.httpServer();
    rotateKey();
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** From now on asked before each request, which it sees as method and path. */
  void interfere(Interference next) {
    interference = next;
  }

  /** How many requests with this in their path came so far. */
  long count(String path) {
    return counts.entrySet().stream()
        .filter(each -> each.getKey().contains(path))
        .mapToLong(each -> each.getValue().get())
        .sum();
  }

  /** From now on it signs with a new key, and the old one is forgotten. */
  synchronized void rotateKey() {
    try {
      keys.clear();
      keys.add(
          new RSAKeyGenerator(2048)
              .algorithm(JWSAlgorithm.RS256)
              .keyUse(KeyUse.SIGNATURE)
              .keyID(UUID.randomUUID().toString())
              .generate());
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As kube-apiserver where nothing happens: it then sends no bookmarks. */
  synchronized void beQuiet() {
    quiet = true;
  }

  /** Ends all watches that are open. */
  synchronized void endWatches() {
    watchesUntil++;
    notifyAll();
  }

  /** Ends all watches and forgets what happened before. */
  synchronized void forgetHistory() {
    version += 1000;
    oldest = version;
    events.clear();
    endWatches();
  }

  @Override
  public Path kubeconfig() {
    return FakeApiServer.kubeconfig(directory, url(), "token: our-own");
  }

  /** A client of it, patient enough for a busy machine. */
  ApiClient client() {
    return new ApiClient(
        ApiServer.of(Optional.of(kubeconfig())), Duration.ofSeconds(30), Clock.systemUTC());
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void createServiceAccount(String name) {
    create(Kind.SERVICE_ACCOUNT, object("shop", name));
  }

  @Override
  @CanIgnoreReturnValue
  public String createPod(String name, String serviceAccount, String node) {
    ObjectNode pod = object("shop", name);
    pod.putObject("spec")
        .put("serviceAccountName", serviceAccount)
        .put("nodeName", node)
        .putArray("containers")
        .addObject()
        .put("name", "main");
    pod.putObject("status").put("phase", "Running");
    return create(Kind.POD, pod);
  }

  @Override
  public void createNode(String name) {
    create(Kind.NODE, object("", name));
  }

  @Override
  public void createSecret(String name) {
    create(Kind.SECRET, object("shop", name));
  }

  private static ObjectNode object(String namespace, String name) {
    ObjectNode object = JSON.createObjectNode();
    ObjectNode metadata =
        object.putObject("metadata").put("name", name).put("uid", UUID.randomUUID().toString());
    if (!namespace.isEmpty()) {
      metadata.put("namespace", namespace);
    }
    metadata.putObject("labels").put("name", "spec");
    metadata.putArray("managedFields").addObject().put("manager", "test").putObject("fieldsV1");
    return object;
  }

  @CanIgnoreReturnValue
  private synchronized String create(Kind kind, ObjectNode object) {
    String name = object.at("/metadata/name").asText();
    if (objects.containsKey(key(kind, name))) {
      throw new IllegalStateException(name + " exists");
    }
    happened("ADDED", kind, object);
    objects.put(key(kind, name), object);
    return object.at("/metadata/uid").asText();
  }

  /** Changes an object, as its controllers do. */
  synchronized void update(Kind kind, String name, Consumer<ObjectNode> change) {
    ObjectNode changed = found(kind, name).deepCopy();
    change.accept(changed);
    happened("MODIFIED", kind, changed);
    objects.put(key(kind, name), changed);
  }

  @Override
  public synchronized void delete(Kind kind, String name) {
    happened("DELETED", kind, found(kind, name).deepCopy());
    var _ = objects.remove(key(kind, name));
  }

  private ObjectNode found(Kind kind, String name) {
    ObjectNode object = objects.get(key(kind, name));
    if (object == null) {
      throw new IllegalStateException("no " + kind + " " + name);
    }
    return object;
  }

  private static String key(Kind kind, String name) {
    return kind.resource() + "/" + name;
  }

  private void happened(String type, Kind kind, ObjectNode object) {
    version++;
    object.withObject("metadata").put("resourceVersion", String.valueOf(version));
    events.add(new Event(version, type, kind, object.deepCopy()));
    notifyAll();
  }

  @Override
  public synchronized String token(
      String serviceAccount, Optional<Bound> boundTo, List<String> audiences) {
    long now = Instant.now().getEpochSecond();
    ObjectNode claims = JSON.createObjectNode();
    List<String> meant = audiences.isEmpty() ? List.of(ISSUER) : audiences;
    meant.forEach(claims.putArray("aud")::add);
    claims.put("exp", now + 600).put("iat", now).put("iss", ISSUER).put("nbf", now);
    claims.put("jti", UUID.randomUUID().toString());
    claims.put("sub", "system:serviceaccount:shop:" + serviceAccount);
    ObjectNode binding = claims.putObject("kubernetes.io").put("namespace", "shop");
    reference(binding, Kind.SERVICE_ACCOUNT, serviceAccount);
    boundTo.ifPresent(bound -> {
      reference(binding, bound.kind(), bound.name());
      if (bound.kind() == Kind.POD) {
        String node = found(Kind.POD, bound.name()).at("/spec/nodeName").asText();
        if (objects.containsKey(key(Kind.NODE, node))) {
          reference(binding, Kind.NODE, node);
        }
      }
    });
    return signed(claims);
  }

  private void reference(ObjectNode binding, Kind kind, String name) {
    binding
        .putObject(kind.singular().toLowerCase(Locale.ROOT))
        .put("name", name)
        .put("uid", found(kind, name).at("/metadata/uid").asText());
  }

  @Override
  public synchronized String resign(String token, Consumer<ObjectNode> change) throws IOException {
    ObjectNode claims = (ObjectNode) payload(token);
    change.accept(claims);
    return signed(claims);
  }

  private String signed(ObjectNode claims) {
    RSAKey key = keys.getFirst();
    var header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build();
    var jws = new JWSObject(header, new Payload(claims.toString()));
    try {
      jws.sign(new RSASSASigner(key));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return jws.serialize();
  }

  private static JsonNode payload(String token) throws IOException {
    try {
      return JSON.readTree(JWSObject.parse(token).getPayload().toString());
    } catch (ParseException e) {
      throw new IOException(e);
    }
  }

  @Override
  public long reviews() {
    return count("/tokenreviews");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    counts.computeIfAbsent(request, _ -> new AtomicLong()).incrementAndGet();
    byte[] body = exchange.getRequestBody().readAllBytes();
    try (exchange) {
      if (!interference.answers(exchange, request)) {
        answer(exchange, body);
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    Optional<Kind> kind =
        Stream.of(Kind.values()).filter(k -> path.equals("/api/v1/" + k.resource())).findFirst();
    if (kind.isPresent()) {
      objects(exchange, kind.get());
    } else if (path.equals("/apis/authentication.k8s.io/v1/tokenreviews")) {
      FakeApiServer.respond(exchange, 201, reviewed(JSON.readTree(body)).toString());
    } else if (path.equals("/openid/v1/jwks")) {
      FakeApiServer.respond(exchange, 200, jwks());
    } else if (path.equals("/.well-known/openid-configuration")) {
      FakeApiServer.respond(
          exchange, 200, JSON.createObjectNode().put("issuer", ISSUER).toString());
    } else {
      FakeApiServer.respond(exchange, 404, "404 page not found\n");
    }
  }

  private synchronized String jwks() {
    return new JWKSet(List.copyOf(keys)).toString(true);
  }

  private void objects(HttpExchange exchange, Kind kind) throws IOException, InterruptedException {
    // First of all: what ends watches from now on ends this one.
    long generation = generation();
    Map<String, String> query = query(exchange);
    if (!query.containsKey("watch")) {
      FakeApiServer.respond(exchange, 200, list(kind, query).toString());
    } else if (isGone(query)) {
      FakeApiServer.respond(exchange, 410, Reviews.status(410, "Expired", "too old"));
    } else {
      watch(exchange, kind, query, generation);
    }
  }

  private static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> query = new TreeMap<>();
    for (String each : exchange.getRequestURI().getQuery().split("&", -1)) {
      int equals = each.indexOf('=');
      query.put(each.substring(0, equals), each.substring(equals + 1));
    }
    return query;
  }

  private synchronized boolean isGone(Map<String, String> query) {
    return Long.parseLong(query.getOrDefault("resourceVersion", "0")) < oldest;
  }

  /** Two on a page, whatever the limit. */
  private synchronized ObjectNode list(Kind kind, Map<String, String> query) {
    int start = Integer.parseInt(query.getOrDefault("continue", "0"));
    List<ObjectNode> all =
        objects.entrySet().stream()
            .filter(each -> each.getKey().startsWith(kind.resource() + "/"))
            .map(Map.Entry::getValue)
            .toList();
    ObjectNode list = JSON.createObjectNode().put("kind", kind.singular() + "List");
    ObjectNode metadata = list.putObject("metadata");
    metadata.put("resourceVersion", String.valueOf(version));
    int end = Math.min(start + 2, all.size());
    if (end < all.size()) {
      metadata.put("continue", String.valueOf(end));
    }
    ArrayNode items = list.putArray("items");
    all.subList(start, end).forEach(items::add);
    return list;
  }

  private void watch(HttpExchange exchange, Kind kind, Map<String, String> query, long generation)
      throws IOException, InterruptedException {
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    out.flush();
    long seen = Long.parseLong(query.get("resourceVersion"));
    long end =
        System.nanoTime()
            + Duration.ofSeconds(Long.parseLong(query.get("timeoutSeconds"))).toNanos();
    News news = news(kind, seen, generation);
    while (news != null && System.nanoTime() < end) {
      write(out, news);
      awaitMore(news.version(), generation);
      news = news(kind, news.version(), generation);
    }
    out.close();
  }

  private synchronized long generation() {
    return watchesUntil;
  }

  /** What has happened up to a version, and whether a bookmark says so. */
  private record News(List<Event> events, long version, boolean bookmark) {}

  /** Null if this watch is to end, and tell no more. */
  private synchronized @Nullable News news(Kind kind, long since, long generation) {
    List<Event> news =
        events.stream().filter(e -> e.kind() == kind && e.version() > since).toList();
    return generation == watchesUntil ? new News(news, version, !quiet) : null;
  }

  private static void write(OutputStream out, News news) throws IOException {
    for (Event event : news.events()) {
      write(out, event.type(), event.object());
    }
    if (news.bookmark()) {
      ObjectNode bookmark = JSON.createObjectNode();
      bookmark.putObject("metadata").put("resourceVersion", String.valueOf(news.version()));
      write(out, "BOOKMARK", bookmark);
    }
  }

  private static void write(OutputStream out, String type, JsonNode object) throws IOException {
    ObjectNode event = JSON.createObjectNode().put("type", type).set("object", object);
    out.write((event + "\n").getBytes(UTF_8));
    out.flush();
  }

  /** Returns after a while at the latest, so that there is a bookmark now and then. */
  private synchronized void awaitMore(long seen, long generation) throws InterruptedException {
    long end = System.nanoTime() + BOOKMARKS.toNanos();
    long rest = BOOKMARKS.toMillis();
    while (version == seen && generation == watchesUntil && rest > 0) {
      wait(rest);
      rest = (end - System.nanoTime()) / 1_000_000;
    }
  }

  private synchronized ObjectNode reviewed(JsonNode review) throws IOException {
    ObjectNode answer = review.deepCopy();
    ObjectNode status = answer.putObject("status");
    String token = review.at("/spec/token").asText();
    JsonNode claims;
    try {
      claims = payload(token);
    } catch (IOException noToken) {
      return answer;
    }
    if (!claims.path("iss").asText().equals(ISSUER)) {
      return answer;
    }
    String problem = problem(token, claims, review.at("/spec/audiences"));
    if (problem == null) {
      authenticated(status, claims, (ArrayNode) review.at("/spec/audiences"));
    } else {
      status.put("error", "[invalid bearer token, " + problem + "]");
    }
    return answer;
  }

  private static void authenticated(ObjectNode status, JsonNode claims, ArrayNode audiences) {
    JsonNode binding = claims.get("kubernetes.io");
    status.put("authenticated", true).set("audiences", audiences);
    ObjectNode user = status.putObject("user");
    user.put(
        "username",
        "system:serviceaccount:%s:%s"
            .formatted(
                binding.get("namespace").asText(), binding.at("/serviceaccount/name").asText()));
    user.putArray("groups").add("system:serviceaccounts").add("system:authenticated");
    if (binding.has("pod")) {
      ObjectNode extra = user.putObject("extra");
      extra.putArray("authentication.kubernetes.io/pod-name").add(binding.at("/pod/name").asText());
      extra.putArray("authentication.kubernetes.io/pod-uid").add(binding.at("/pod/uid").asText());
    }
  }

  private @Nullable String problem(String token, JsonNode claims, JsonNode audiences) {
    if (!isSigned(token)) {
      return "invalid signature";
    }
    if (!isFor(claims.path("aud"), audiences.get(0).asText())) {
      return "token audiences are invalid";
    }
    Instant now = Instant.now();
    if (claims.has("exp") && now.minus(LEEWAY).isAfter(seconds(claims, "exp"))) {
      return "service account token has expired";
    }
    for (String start : List.of("nbf", "iat")) {
      if (claims.has(start) && now.plus(LEEWAY).isBefore(seconds(claims, start))) {
        return "service account token is not valid yet";
      }
    }
    JsonNode binding = claims.path("kubernetes.io");
    return Stream.of(Kind.SERVICE_ACCOUNT, Kind.SECRET, Kind.POD, Kind.NODE)
            .allMatch(kind -> isThere(kind, binding, now))
        ? null
        : "service account token has been invalidated";
  }

  private boolean isSigned(String token) {
    try {
      JWSObject jws = JWSObject.parse(token);
      String kid = jws.getHeader().getKeyID();
      for (RSAKey key : keys) {
        if ((kid == null || kid.equals(key.getKeyID())) && jws.verify(new RSASSAVerifier(key))) {
          return true;
        }
      }
      return false;
    } catch (ParseException | JOSEException e) {
      return false;
    }
  }

  private static boolean isFor(JsonNode audience, String wanted) {
    return audience.asText().equals(wanted)
        || Stream.iterate(0, i -> i < audience.size(), i -> i + 1)
            .anyMatch(i -> audience.get(i).asText().equals(wanted));
  }

  private static Instant seconds(JsonNode claims, String name) {
    return Instant.ofEpochSecond(claims.get(name).asLong());
  }

  private boolean isThere(Kind kind, JsonNode binding, Instant now) {
    JsonNode reference = binding.path(kind.singular().toLowerCase(Locale.ROOT));
    boolean named = !reference.isMissingNode() && !(kind == Kind.NODE && binding.has("pod"));
    if (!named) {
      return kind != Kind.SERVICE_ACCOUNT;
    }
    ObjectNode object = objects.get(key(kind, reference.path("name").asText()));
    return object != null
        && object.at("/metadata/uid").asText().equals(reference.path("uid").asText())
        && (kind == Kind.NODE || binding.path("namespace").asText().equals("shop"))
        && !isGone(object, now);
  }

  private static boolean isGone(ObjectNode object, Instant now) {
    JsonNode deleted = object.at("/metadata/deletionTimestamp");
    return !deleted.isMissingNode() && Instant.parse(deleted.asText()).isBefore(now.minus(LEEWAY));
  }
}
