package io.signet.e2e.peers;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real Envoy. Its admin interface is added to the configuration, on a port of its own; the
 * questions to it throw {@link IOException} when Envoy does not answer or refuses.
 */
public final class Envoy implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ADMIN =
      "admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}";

  private static final Pattern NUMBER = Pattern.compile(": [0-9]+$");

  private final Path folder;
  private final PeerProcess process;

  private Envoy(Path folder, PeerProcess process) {
    this.folder = folder;
    this.process = process;
  }

  /** As {@link #start(String, String)}, logging warnings. */
  public static Envoy start(String config) throws IOException {
    return start(config, "warning");
  }

  /**
   * Starts Envoy, and returns when its admin interface answers. Listeners may still wait for their
   * secrets then; {@link #awaitReady} waits for them.
   *
   * @param config a bootstrap in YAML
   * @param logLevel for example {@code debug}
   */
  public static Envoy start(String config, String logLevel) throws IOException {
    Path binary = Peers.require("envoy");
    Path folder = TemporaryFolder.create("envoy");
    Files.writeString(folder.resolve("envoy.yaml"), config);
    var command = command(binary, logLevel);
    var envoy = new Envoy(folder, PeerProcess.start("envoy", folder, Map.of(), command));
    try {
      envoy.process.awaitReady(PATIENCE, () -> !envoy.ask("/server_info").isEmpty());
      return envoy;
    } catch (AssertionError e) {
      envoy.close();
      throw e;
    }
  }

  /**
   * What {@code envoy --mode validate} says of a bootstrap: it checks all of it, the files that it
   * names included, and starts nothing.
   */
  public static Command.Result validate(Path config) throws IOException {
    String binary = Peers.require("envoy").toString();
    return Command.result(
        Map.of(), List.of(binary, "--mode", "validate", "--config-path", config.toString()));
  }

  /** Returns when Envoy is live: every listener has what it waited for. */
  public void awaitReady() {
    process.awaitReady(PATIENCE, () -> ready().startsWith("LIVE"));
  }

  /** The state of an Envoy that is ready; one that is not refuses, with its state. */
  public String ready() throws IOException {
    return ask("/ready");
  }

  /** The certificates that Envoy holds, as JSON. */
  public String certs() throws IOException {
    return ask("/certs");
  }

  /** The statistics whose names match a regular expression, a {@code name: value} a line. */
  public String stats(String filter) throws IOException {
    return ask("/stats?filter=" + encoded(filter));
  }

  /**
   * A counter or gauge.
   *
   * @throws IOException also if there is no such statistic (yet)
   */
  public long stat(String name) throws IOException {
    String line = stats("^" + Pattern.quote(name) + "$").strip();
    if (line.isEmpty()) throw new IOException("Envoy has no statistic " + name);
    return Long.parseLong(line.substring(name.length() + ": ".length()));
  }

  /** The sum of all counters and gauges whose names match a regular expression. */
  public long total(String filter) throws IOException {
    return stats(filter)
        .lines()
        .filter(line -> NUMBER.matcher(line).find())
        .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /**
   * A part of the configuration that Envoy runs with, as JSON.
   *
   * @param resource for example {@code dynamic_active_secrets}
   */
  public String configDump(String resource) throws IOException {
    return ask("/config_dump?resource=" + encoded(resource));
  }

  /** The port on which a listener that was configured with port 0 listens. */
  public int listenerPort(String listener) throws IOException {
    var line = Pattern.compile("(?m)^" + Pattern.quote(listener) + "::.*:([0-9]+)$");
    Matcher found = line.matcher(ask("/listeners"));
    if (!found.find()) throw new IOException("Envoy has no listener " + listener);
    return Integer.parseInt(found.group(1));
  }

  /** The process, to freeze, kill or read the log of. */
  public PeerProcess process() {
    return process;
  }

  @Override
  public void close() throws IOException {
    process.stop();
    TemporaryFolder.delete(folder);
  }

  private static List<String> command(Path binary, String logLevel) {
    return List.of(
        binary.toString(),
        "--config-path",
        "envoy.yaml",
        "--config-yaml",
        ADMIN,
        "--admin-address-path",
        "admin-address",
        // Without it there is no memory shared between Envoys, and so no --base-id to keep apart.
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        logLevel);
  }

  private String ask(String question) throws IOException {
    return Http.get(URI.create("http://" + adminAddress() + question));
  }

  private String adminAddress() throws IOException {
    String address = Files.readString(folder.resolve("admin-address"));
    if (address.isEmpty()) throw new IOException("Envoy has not yet written where its admin is");
    return address;
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }
}
