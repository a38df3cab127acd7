package io.signet.e2e.bench;

import io.signet.ca.config.Address;
import io.signet.ca.config.Durations;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A server for proxies whose tokens are ours, in a process and a folder of its own. */
final class SdsServer implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";
  private static final int SEAL_BYTES = 32;
  private static final Duration USUAL_MAXIMUM = Duration.ofHours(24);

  private final BenchFolder folder;
  private final Address workload;
  private final Address operator;
  private final Optional<ForeignBundle> foreign;
  private final Start start;
  private final HttpClient http = HttpClient.newHttpClient();
  private ServerProcess process;

  /** How its process is started, at first and again. */
  private record Start(List<String> command, Map<String, String> environment, Path log) {
    ServerProcess process() throws BenchException, IOException, InterruptedException {
      return ServerProcess.start(command, environment, log);
    }
  }

  private SdsServer(
      BenchFolder folder,
      Address workload,
      Address operator,
      Optional<ForeignBundle> foreign,
      Start start,
      ServerProcess process) {
    this.folder = folder;
    this.workload = workload;
    this.operator = operator;
    this.foreign = foreign;
    this.start = start;
    this.process = process;
  }

  /** Starts one; returns when it is ready. */
  static SdsServer start(Program program, SdsPlan plan, ProxyIdentities identities)
      throws BenchException, IOException, InterruptedException {
    BenchFolder folder = BenchFolder.create();
    try {
      Path _ = folder.keep("seal.key", BenchFolder.random(SEAL_BYTES));
      Optional<ForeignBundle> foreign =
          plan.isFederated()
              ? Optional.of(ForeignBundle.create(folder.path().resolve("other.pem")))
              : Optional.empty();
      String more = keysAndLives(plan.lifetime()) + foreign.map(SdsServer::federation).orElse("");
      return start(folder, program, identities, more, Map.of(), foreign);
    } catch (BenchException | IOException | InterruptedException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Starts one; returns when it is ready.
   *
   * @param more of its configuration: keys, lives, and what it has besides
   * @param environment what it has in its environment besides
   */
  static SdsServer start(
      Program program, ProxyIdentities identities, String more, Map<String, String> environment)
      throws BenchException, IOException, InterruptedException {
    BenchFolder folder = BenchFolder.create();
    try {
      return start(folder, program, identities, more, environment, Optional.empty());
    } catch (BenchException | IOException | InterruptedException e) {
      folder.close();
      throw e;
    }
  }

  private static SdsServer start(
      BenchFolder folder,
      Program program,
      ProxyIdentities identities,
      String more,
      Map<String, String> environment,
      Optional<ForeignBundle> foreign)
      throws BenchException, IOException, InterruptedException {
    Path home = folder.path();
    Path _ = Files.writeString(home.resolve("jwks.json"), identities.jwks());
    // Both at once, or the second port could be the first again.
    try (ServerSocket workload = DevFolder.freePort();
        ServerSocket operator = DevFolder.freePort()) {
      Address workloads = new Address(LOOPBACK, workload.getLocalPort());
      Address operators = new Address(LOOPBACK, operator.getLocalPort());
      Path _ = Files.writeString(home.resolve("config.yaml"), config(workloads, operators) + more);
      workload.close();
      operator.close();
      List<String> serve = List.of("serve", "--config", home.resolve("config.yaml").toString());
      Start start = new Start(program.command(serve), environment, home.resolve("server.log"));
      return new SdsServer(folder, workloads, operators, foreign, start, start.process());
    }
  }

  // Each call comes from one address here, as on no real machine, so the limits for an address are
  // off. How many are worked for at once is left as it is.
  private static String config(Address workload, Address operator) {
    return """
    trust-domain: %s
    listen: { workload: "%s", sds-socket: sds.sock, operator: "%s" }
    serving-names: [localhost, 127.0.0.1]
    attestation:
      jwt:
      - { issuer: %s, audience: %s, jwks-file: jwks.json }
    sinks: { bundle-file: trust-bundle.pem }
    limits: { per-identity: off, per-address: off }
    data-dir: data
    """
        .formatted(
            ProxyIdentities.trustDomain(),
            workload,
            operator,
            ProxyIdentities.ISSUER,
            ProxyIdentities.AUDIENCE);
  }

  private static String keysAndLives(Duration lifetime) {
    return """
    keys: { custodian: file, file: { path: keys, key-file: seal.key } }
    svid: { default-lifetime: %s, max-lifetime: %s }
    """
        .formatted(Durations.format(lifetime), Durations.format(longer(lifetime, USUAL_MAXIMUM)));
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static String federation(ForeignBundle foreign) {
    return """
    federation:
    - { trust-domain: %s, bundle-file: %s }
    """
        .formatted(ForeignBundle.DOMAIN, foreign.file().getFileName());
  }

  ProxyDoor door(boolean tls) throws IOException {
    return tls
        ? ProxyDoor.tls(workload, bundleFile())
        : ProxyDoor.unix(folder.path().resolve("sds.sock"));
  }

  /** The roots of the server's own trust domain. */
  Path bundleFile() {
    return folder.path().resolve("trust-bundle.pem");
  }

  /** Where certificates are asked for, and how it is administered. */
  Address workload() {
    return workload;
  }

  Address operator() {
    return operator;
  }

  long pid() {
    return process.pid();
  }

  /** What it has said on standard error, all its processes together. */
  Path log() {
    return start.log();
  }

  /** By SIGKILL. */
  void kill() throws InterruptedException {
    process.kill();
  }

  /** Only after {@link #kill}; returns when it is ready. */
  void startAgain() throws BenchException, IOException, InterruptedException {
    process = start.process();
  }

  /** Present if the server was told of another trust domain. */
  Optional<ForeignBundle> foreign() {
    return foreign;
  }

  ServerMemory memory() throws BenchException, IOException, InterruptedException {
    return ServerMemory.of(process.pid());
  }

  ProcessUsage usage() throws BenchException {
    return ProcessUsage.of(process.pid());
  }

  /** The value of one of the server's metrics, summed over its labels; 0 if it has none yet. */
  long metric(String name) throws IOException, InterruptedException {
    return metric(name, "");
  }

  /** As {@link #metric(String)}, of those lines only that have this label. */
  long metric(String name, String label) throws IOException, InterruptedException {
    URI uri = URI.create("http://%s/metrics".formatted(operator));
    String text = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    return (long)
        text.lines()
            .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
            .filter(line -> line.contains(label))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
            .sum();
  }

  @Override
  public void close() throws IOException {
    http.close();
    process.close();
    folder.close();
  }
}
