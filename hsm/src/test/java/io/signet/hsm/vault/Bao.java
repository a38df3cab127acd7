package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A real OpenBao server on loopback, alone or a node of a cluster, initialised and unsealed by its
 * own API. Its keys outlive a restart; it does not outlive this JVM.
 */
public final class Bao implements AutoCloseable {

  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

  private static final int ACTIVE = 200;
  private static final Set<Integer> ACTIVE_OR_STANDBY = Set.of(ACTIVE, 429, 473);

  private final HttpClient http;
  private final Path home;
  private final URI address;
  private final Set<Integer> unsealed;
  private @Nullable Process process;
  private @Nullable Thread killAtExit;
  private String rootToken = "";
  private String unsealKey = "";

  private Bao(HttpClient http, Path home, URI address, Set<Integer> unsealed) {
    this.http = http;
    this.home = home;
    this.address = address;
    this.unsealed = unsealed;
  }

  /** Starts one with its data in this folder; a test without the peer is skipped. */
  public static Bao start(Path home) throws Exception {
    return plain(home, Set.of(ACTIVE)).started();
  }

  /** Starts three that are one cluster, the active one first: when one is gone, two are enough. */
  static List<Bao> startCluster(Path home) throws Exception {
    List<Bao> nodes = new ArrayList<>();
    try {
      nodes.add(plain(home.resolve("1"), ACTIVE_OR_STANDBY).started());
      nodes.getFirst().awaitActive();
      for (String name : List.of("2", "3")) {
        nodes.add(plain(home.resolve(name), ACTIVE_OR_STANDBY).joined(nodes.getFirst()));
      }
      nodes.getFirst().awaitVoters(nodes.size());
      return List.copyOf(nodes);
    } catch (Exception | AssertionError e) {
      for (Bao node : nodes) {
        node.close();
      }
      throw e;
    }
  }

  private static Bao plain(Path home, Set<Integer> unsealed) throws IOException {
    Files.createDirectories(home);
    Bao node =
        new Bao(
            HttpClient.newHttpClient(),
            home,
            URI.create("http://127.0.0.1:" + freePort()),
            unsealed);
    node.configure("tls_disable = true");
    return node;
  }

  /** The same with TLS, by a certificate that is {@code server.pem} in the folder. */
  static Bao startWithTls(Path home) throws Exception {
    Path _ = binary();
    certify(home, "server", "subjectAltName=IP:127.0.0.1");
    Path certificate = home.resolve("server.pem");
    HttpClient http =
        HttpClient.newBuilder()
            .sslContext(Tls.context(Optional.of(certificate), Optional.empty()))
            .build();
    String listener =
        "tls_cert_file = \"%s\"%n  tls_key_file = \"%s\""
            .formatted(certificate, home.resolve("server.key"));
    URI address = URI.create("https://127.0.0.1:" + freePort());
    Bao node = new Bao(http, home, address, Set.of(ACTIVE));
    node.configure(listener);
    return node.started();
  }

  /** Makes {@code NAME.pem}, which is its own issuer, and {@code NAME.key}. */
  static void certify(Path home, String name, String extension) throws Exception {
    String command =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN="
            + name
            + " -addext "
            + extension;
    openssl(
        home, command, "-keyout", home + "/" + name + ".key", "-out", home + "/" + name + ".pem");
  }

  /** Makes a request of this subject for a new key, with an extension that asks for more. */
  static byte[] request(Path home, String subject, String extension) throws Exception {
    Path request = home.resolve("request.der");
    String command =
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -outform DER -subj "
            + subject
            + " -addext "
            + extension;
    openssl(home, command, "-keyout", home + "/request.key", "-out", request.toString());
    return Files.readAllBytes(request);
  }

  private static void openssl(Path home, String command, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(("openssl " + command).split(" ")));
    arguments.addAll(List.of(more));
    Process openssl =
        new ProcessBuilder(arguments)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("openssl.log").toFile())
            .start();
    if (openssl.waitFor() != 0) {
      throw new IOException(Files.readString(home.resolve("openssl.log")));
    }
  }

  private Bao started() throws Exception {
    Path _ = binary();
    try {
      launch();
      initialise();
      unseal();
    } catch (Exception | AssertionError e) {
      close();
      throw e;
    }
    return this;
  }

  private Bao joined(Bao leader) throws Exception {
    try {
      launch();
      post("sys/storage/raft/join", "{\"leader_api_addr\":\"" + leader.address + "\"}");
      rootToken = leader.rootToken;
      unsealKey = leader.unsealKey;
      unseal();
    } catch (Exception | AssertionError e) {
      close();
      throw e;
    }
    return this;
  }

  // Before, one that has joined does not count when a new active node is chosen.
  private void awaitVoters(int count) throws Exception {
    post("sys/storage/raft/autopilot/configuration", "{\"server_stabilization_time\":\"1s\"}");
    long end = System.nanoTime() + LONG_ON_A_BUSY_MACHINE.toNanos();
    while (ask("GET", "sys/storage/raft/configuration", "").split("\"voter\":true").length
        <= count) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not all nodes are voters");
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
  }

  private static Path binary() {
    return FetchedPeers.require(FetchedPeers.path("bin/bao"));
  }

  private void configure(String listener) throws IOException {
    Files.createDirectories(home.resolve("data"));
    Files.writeString(home.resolve("config.hcl"), config(listener));
  }

  // The multiplier is that of a fast network: who is active is decided in one second and not in 5.
  private String config(String listener) throws IOException {
    String cluster = "127.0.0.1:" + freePort();
    return """
    storage "raft" {
      path = "%s"
      node_id = "%s"
      performance_multiplier = 1
    }
    listener "tcp" {
      address = "%s"
      cluster_address = "%s"
      %s
    }
    api_addr = "%s"
    cluster_addr = "https://%s"
    """
        .formatted(
            home.resolve("data"),
            address.getAuthority(), // as a name
            address.getAuthority(),
            cluster,
            listener,
            address,
            cluster);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void launch() throws Exception {
    Process started =
        new ProcessBuilder(binary().toString(), "server", "-config", home + "/config.hcl")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
    process = started;
    killAtExit = new Thread(started::destroyForcibly, "kill bao");
    Runtime.getRuntime().addShutdownHook(killAtExit);
    awaitHealth(Set.of(501, 503));
  }

  private Path log() {
    return home.resolve("bao.log");
  }

  private void initialise() throws Exception {
    String keys = post("sys/init", "{\"secret_shares\":1,\"secret_threshold\":1}");
    rootToken = text(keys, "root_token");
    Matcher key = Pattern.compile("\"keys_base64\":\\[\"([^\"]+)\"").matcher(keys);
    if (!key.find()) {
      throw new IOException(keys);
    }
    unsealKey = key.group(1);
  }

  /** Returns when it signs again, or is a standby. */
  public void unseal() throws Exception {
    post("sys/unseal", "{\"key\":\"" + unsealKey + "\"}");
    awaitHealth(unsealed);
  }

  /** Where the active node is as far as this one knows; empty while it knows none. */
  String activeNode() throws Exception {
    String known = ask("GET", "sys/leader", "");
    return known.contains("leader_address") ? text(known, "leader_address") : "";
  }

  void awaitActive() throws Exception {
    awaitHealth(Set.of(ACTIVE));
  }

  /**
   * Whom {@link #enableAppRole} lets in is given tokens that live so long, however often renewed.
   */
  public void limitTokens(String role, Duration life, Duration most) throws Exception {
    post(
        "auth/" + role + "/role/" + role,
        "{\"token_ttl\":\"%ds\",\"token_max_ttl\":\"%ds\"}"
            .formatted(life.toSeconds(), most.toSeconds()));
  }

  /** From now on it answers 429 to all but one request a second below this mount. */
  public void limitRequests(String mount) throws Exception {
    post("sys/quotas/rate-limit/" + mount, "{\"path\":\"" + mount + "\",\"rate\":1}");
  }

  /** What ends {@link #limitRequests}. */
  public void unlimitRequests(String mount) throws Exception {
    ask("DELETE", "sys/quotas/rate-limit/" + mount, "");
  }

  /** Lets approle log in with this policy; its secret id is the answer. */
  public String enableAppRole(String role, String policy) throws Exception {
    post("sys/auth/" + role, "{\"type\":\"approle\"}");
    String path = "auth/" + role + "/role/" + role;
    post(path, "{\"token_policies\":[\"" + policy + "\"],\"token_ttl\":\"1h\"}");
    post(path + "/role-id", "{\"role_id\":\"" + role + "\"}");
    return text(post(path + "/secret-id", "{}"), "secret_id");
  }

  /** A token that may do what the policy allows. */
  public String createToken(String policy) throws Exception {
    return text(
        post("auth/token/create", "{\"policies\":[\"" + policy + "\"],\"ttl\":\"1h\"}"),
        "client_token");
  }

  public void seal() throws Exception {
    post("sys/seal", "{}");
  }

  /** Kills it and starts it again, sealed, at the same address and with the same data. */
  public void restart() throws Exception {
    kill();
    launch();
  }

  public URI address() {
    return address;
  }

  String rootToken() {
    return rootToken;
  }

  /** A mount of Transit that no other test knows. */
  public void mountTransit(String mount) throws Exception {
    post("sys/mounts/" + mount, "{\"type\":\"transit\"}");
  }

  /** What a custodian of the keys of this mount needs, and nothing else. */
  public void writePolicy(String name, String mount) throws Exception {
    String policy =
        """
        path \\"%1$s/keys\\" { capabilities = [\\"list\\"] }
        path \\"%1$s/keys/*\\" { capabilities = [\\"create\\", \\"read\\", \\"update\\", \\"delete\\"] }
        path \\"%1$s/sign/*\\" { capabilities = [\\"update\\"] }
        path \\"%1$s/wrapping_key\\" { capabilities = [\\"read\\"] }
        """
            .formatted(mount)
            .replace("\n", " ");
    post("sys/policies/acl/" + name, "{\"policy\":\"" + policy + "\"}");
  }

  /** Asks as root. */
  @CanIgnoreReturnValue
  public String post(String path, String json) throws Exception {
    return ask("POST", path, json);
  }

  @CanIgnoreReturnValue
  String ask(String method, String path, String json) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + "/v1/" + path))
            .timeout(LONG_ON_A_BUSY_MACHINE)
            .method(method, BodyPublishers.ofString(json));
    if (!rootToken.isEmpty()) {
      request.header("X-Vault-Token", rootToken);
    }
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(path + ": " + response.statusCode() + " " + response.body());
    }
    return response.body();
  }

  /** The text that the answer has under this name. */
  static String text(String json, String name) {
    Matcher value = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
    if (!value.find()) {
      throw new AssertionError(name + " is not in " + json);
    }
    return value.group(1);
  }

  private void awaitHealth(Set<Integer> statuses) throws Exception {
    long end = System.nanoTime() + LONG_ON_A_BUSY_MACHINE.toNanos();
    while (!statuses.contains(health())) {
      if (System.nanoTime() > end || process == null || !process.isAlive()) {
        throw new AssertionError("bao is not ready:\n" + Files.readString(log(), UTF_8));
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
  }

  private int health() throws InterruptedException {
    try {
      HttpRequest look = HttpRequest.newBuilder(URI.create(address + "/v1/sys/health")).build();
      return http.send(look, BodyHandlers.discarding()).statusCode();
    } catch (IOException notYet) {
      return 0;
    }
  }

  /** Ends it at once. */
  void kill() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly();
      if (!process.waitFor(LONG_ON_A_BUSY_MACHINE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("bao does not end");
      }
      process = null;
    }
    if (killAtExit != null) {
      boolean _ = Runtime.getRuntime().removeShutdownHook(killAtExit);
      killAtExit = null;
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
    http.shutdownNow();
  }
}
