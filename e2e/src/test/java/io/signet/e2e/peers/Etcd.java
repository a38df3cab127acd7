package io.signet.e2e.peers;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A real etcd with one member, for {@link KubeApiServer}. */
final class Etcd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path folder;
  private final URI endpoint;
  private final PeerProcess process;

  private Etcd(Path folder, URI endpoint, PeerProcess process) {
    this.folder = folder;
    this.endpoint = endpoint;
    this.process = process;
  }

  /** Returns once etcd has elected itself and serves. */
  static Etcd start() throws IOException {
    Path binary = Peers.require("etcd");
    Path folder = TemporaryFolder.create("etcd");
    URI client = URI.create("http://127.0.0.1:" + Ports.free());
    URI peer = URI.create("http://127.0.0.1:" + Ports.free());
    var command = command(binary, folder, client, peer);
    var etcd = new Etcd(folder, client, PeerProcess.start("etcd", folder, Map.of(), command));
    try {
      etcd.process.awaitReady(PATIENCE, etcd::isHealthy);
      return etcd;
    } catch (AssertionError e) {
      etcd.close();
      throw e;
    }
  }

  URI endpoint() {
    return endpoint;
  }

  @Override
  public void close() throws IOException {
    process.kill();
    TemporaryFolder.delete(folder);
  }

  private static List<String> command(Path binary, Path folder, URI client, URI peer) {
    return List.of(
        binary.toString(),
        "--data-dir=" + folder.resolve("data"),
        "--listen-client-urls=" + client,
        "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=default=" + peer,
        "--unsafe-no-fsync",
        "--log-level=warn");
  }

  private boolean isHealthy() throws IOException {
    return Http.get(endpoint.resolve("/health")).contains("\"health\":\"true\"");
  }
}
