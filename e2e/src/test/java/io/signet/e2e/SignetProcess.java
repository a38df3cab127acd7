package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.PeerProcess;
import io.signet.e2e.peers.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The real program in a process of its own, run from the class path of the tests: a server that
 * {@code dev} or {@code serve} started, or one command.
 */
final class SignetProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Path config;
  private final Path folder;
  private final Map<String, String> environment;
  private final List<String> arguments;
  private PeerProcess process;

  private SignetProcess(
      Path config, Path folder, Map<String, String> environment, List<String> arguments)
      throws IOException {
    this(config, folder, environment, arguments, SignetProcess::isReady);
  }

  private SignetProcess(
      Path config,
      Path folder,
      Map<String, String> environment,
      List<String> arguments,
      Predicate<String> isStarted)
      throws IOException {
    this.config = config;
    this.folder = folder;
    this.environment = environment;
    this.arguments = arguments;
    this.process = launched(isStarted);
  }

  /** As {@link #dev(Path, Map, String...)}, with the environment of this process. */
  static SignetProcess dev(Path directory, String... options) throws IOException {
    return dev(directory, Map.of(), options);
  }

  /**
   * Runs {@code signet dev} on free ports, and returns when it has printed {@code ready}.
   *
   * @param directory for {@code --dir}; its parent must exist
   * @param options are added
   */
  static SignetProcess dev(Path directory, Map<String, String> environment, String... options)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("dev", "--dir", directory.toString()));
    arguments.addAll(List.of("--workload-port", String.valueOf(Ports.free())));
    arguments.addAll(List.of("--operator-port", String.valueOf(Ports.free())));
    arguments.addAll(List.of(options));
    Path parent = directory.toAbsolutePath().resolveSibling("");
    return new SignetProcess(directory.resolve("config.yaml"), parent, environment, arguments);
  }

  /** As {@link #serve(Path, Map)}, with the environment of this process. */
  static SignetProcess serve(Path config) throws IOException {
    return serve(config, Map.of());
  }

  /** Runs {@code signet serve}, and returns when it has printed {@code ready}. */
  static SignetProcess serve(Path config, Map<String, String> environment) throws IOException {
    return new SignetProcess(
        config,
        config.toAbsolutePath().resolveSibling(""),
        environment,
        List.of("serve", "--config", config.toString()));
  }

  /** Runs {@code signet serve}, and returns when it says that it waits for keys or a CA. */
  static SignetProcess waiting(Path config, Map<String, String> environment) throws IOException {
    return new SignetProcess(
        config,
        config.toAbsolutePath().resolveSibling(""),
        environment,
        List.of("serve", "--config", config.toString()),
        log -> log.contains("waits for the "));
  }

  /** Runs one command to its end. */
  static Command.Result command(String... arguments) throws IOException {
    return command(Map.of(), arguments);
  }

  /**
   * Runs one command to its end.
   *
   * @param environment is added to that of this process
   */
  static Command.Result command(Map<String, String> environment, String... arguments)
      throws IOException {
    return Command.result(environment, program(List.of(arguments)));
  }

  /** How the program is started with these arguments. */
  static List<String> program(List<String> arguments) {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    // One compiler: it starts in half the time, and no process here lives for long.
    Stream<String> jvm =
        Stream.of(
            java.toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            "io.signet.ca.app.Main");
    return Stream.concat(jvm, arguments.stream()).toList();
  }

  /** Starts a stopped or killed server again, with the same arguments and on the same directory. */
  void start() throws IOException {
    process = launched(SignetProcess::isReady);
  }

  /** Ends the server as an operator does (SIGTERM): it exits with 0. */
  void stop() {
    process.terminate();
    assertThat(process.awaitExit(PATIENCE)).as(log()).isZero();
  }

  /** Ends the server at once (SIGKILL). */
  void kill() {
    process.kill();
  }

  /** The process that runs now. */
  PeerProcess process() {
    return process;
  }

  /** What the server has printed since it was started. */
  String log() {
    return process.log();
  }

  int workloadPort() {
    return config().listen().workload().port();
  }

  int operatorPort() {
    return config().listen().operator().port();
  }

  /** The Unix socket of the workload plane. */
  Path socket() {
    return config().listen().sdsSocket().orElseThrow();
  }

  /** The file that holds the trust bundle. */
  Path bundle() {
    return config().sinks().bundleFile().orElseThrow();
  }

  Path dataDirectory() {
    return config().dataDir();
  }

  /** The configuration that the server runs with. */
  SignetConfig config() {
    try {
      return SignetConfig.load(config);
    } catch (ConfigException e) {
      throw new AssertionError(config + " is not one", e);
    }
  }

  /** A token that a {@code dev} server accepts. */
  String token(String namespace, String serviceAccount) throws IOException {
    String directory = config.resolveSibling("").toString();
    var printed = command("dev", "token", namespace, serviceAccount, "--dir", directory);
    assertThat(printed.exit()).as(printed.errors()).isZero();
    return printed.output().strip();
  }

  /** A client of the CSR endpoint over TLS, without a credential. */
  CsrClient client() throws IOException {
    return CsrClient.tls(workloadPort(), Files.readString(bundle()));
  }

  /** Asks the operator plane. */
  HttpResponse<String> get(String path) throws IOException {
    var uri = URI.create("http://127.0.0.1:" + operatorPort() + path);
    try {
      return HTTP.send(
          HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** What it says of its readiness, ready or not. */
  String readiness() throws IOException {
    return get("/healthz/ready").body();
  }

  /** Kills the server if it runs. */
  @Override
  public void close() {
    kill();
  }

  /** Returns when it has printed {@code ready}. */
  void awaitReady() {
    Await.until("ready", PATIENCE, () -> isReady(log()));
  }

  private static boolean isReady(String log) {
    return log.lines().anyMatch(line -> line.startsWith("ready"));
  }

  private PeerProcess launched(Predicate<String> isStarted) throws IOException {
    String name = "signet-" + config.toAbsolutePath().resolveSibling("").getFileName();
    var started = PeerProcess.start(name, folder, environment, program(arguments));
    try {
      started.awaitReady(PATIENCE, () -> isStarted.test(started.log()));
      return started;
    } catch (AssertionError e) {
      started.kill();
      throw e;
    }
  }
}
