package io.signet.e2e.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A temporary folder for servers of our own, with ports that stay the same from start to start. */
final class DevFolder implements AutoCloseable {

  private final Path path;
  private final int workloadPort;
  private final int operatorPort;

  private DevFolder(Path path, int workloadPort, int operatorPort) {
    this.path = path;
    this.workloadPort = workloadPort;
    this.operatorPort = operatorPort;
  }

  static DevFolder create() throws IOException {
    // Both at once, or the second port could be the first again.
    try (ServerSocket workload = freePort();
        ServerSocket operator = freePort()) {
      return new DevFolder(
          Files.createTempDirectory("signet-bench-"),
          workload.getLocalPort(),
          operator.getLocalPort());
    }
  }

  static ServerSocket freePort() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  /** Where the server keeps what it keeps. */
  Path home() {
    return path.resolve("signet");
  }

  ServerProcess dev(Program program) throws BenchException, IOException, InterruptedException {
    return start(
        program,
        "dev",
        "--dir",
        home().toString(),
        "--workload-port",
        Integer.toString(workloadPort),
        "--operator-port",
        Integer.toString(operatorPort));
  }

  /** Only after a {@link #dev}, whose configuration it takes. */
  ServerProcess serve(Program program) throws BenchException, IOException, InterruptedException {
    return start(program, "serve", "--config", home().resolve("config.yaml").toString());
  }

  /** Takes away what a server has made: root and store. The next one starts as on a new folder. */
  void forget() throws IOException {
    BenchFolder.delete(home().resolve("data"));
    BenchFolder.delete(home().resolve("keys"));
  }

  private ServerProcess start(Program program, String... arguments)
      throws BenchException, IOException, InterruptedException {
    return ServerProcess.start(program.command(List.of(arguments)), path.resolve("server.log"));
  }

  @Override
  public void close() throws IOException {
    BenchFolder.delete(path);
  }
}
