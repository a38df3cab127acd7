package io.signet.e2e;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;

import io.signet.e2e.peers.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A folder with all that {@code serve} needs: a configuration on free ports of loopback, whose
 * paths are within the folder, and a passphrase. The user who runs this is a caller over the Unix
 * socket.
 */
record ServerFolder(Path path, int workloadPort, int operatorPort) {
  static final String TRUST_DOMAIN = "example.org";

  /** Who the caller over the Unix socket is. */
  static final String CALLER = "spiffe://example.org/ns/build/sa/runner";

  static final String PASSPHRASE = "correct horse battery staple";

  private static final String KEYS =
      """
      keys:
        custodian: file
        file: { path: keys, passphrase-file: passphrase }
      """;

  /** Makes the folder, with the root's key in a file. */
  static ServerFolder create(Path path) throws IOException {
    Files.createDirectory(path);
    var folder = new ServerFolder(path, Ports.free(), Ports.free());
    folder.secret("passphrase", PASSPHRASE);
    folder.configure(KEYS);
    return folder;
  }

  /** A copy of this folder, on ports of its own; no server may run on this one. */
  ServerFolder copy(Path to) throws IOException {
    var copy = new ServerFolder(to, Ports.free(), Ports.free());
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(path.relativize(file)), COPY_ATTRIBUTES);
      }
    }
    copy.configureMore("");
    return copy;
  }

  /** The configuration file. */
  Path config() {
    return path.resolve("config.yaml");
  }

  Path bundle() {
    return path.resolve("trust-bundle.pem");
  }

  Path socket() {
    return path.resolve("sds.sock");
  }

  /** Writes a file that only its owner may read. */
  Path secret(String name, String content) throws IOException {
    Path file = path.resolve(name);
    Files.deleteIfExists(file);
    Files.createFile(file, asFileAttribute(fromString("rw-------")));
    return Files.writeString(file, content);
  }

  /** Writes into the configuration that the Unix socket is elsewhere. */
  void socketAt(Path socket) throws IOException {
    String config = Files.readString(config());
    Files.writeString(config(), config.replace("sds-socket: sds.sock", "sds-socket: " + socket));
  }

  /** Writes the configuration anew, the root's key still in a file, with more at its end. */
  void configureMore(String more) throws IOException {
    configure(KEYS + more);
  }

  /**
   * Writes the configuration anew.
   *
   * @param more at least the section {@code keys}
   */
  void configure(String more) throws IOException {
    Files.writeString(
        config(),
        """
        trust-domain: %s
        listen:
          workload: 127.0.0.1:%d
          sds-socket: sds.sock
          operator: 127.0.0.1:%d
        serving-names: [localhost, 127.0.0.1]
        sinks: { bundle-file: trust-bundle.pem }
        data-dir: data
        """
                .formatted(TRUST_DOMAIN, workloadPort, operatorPort)
            + more
            + (more.contains("attestation:") ? "" : attestation("")));
  }

  /** The section {@code attestation}: the local caller, and more. */
  static String attestation(String more) throws IOException {
    return """
    attestation:
      unix:
      - { uid: %s, id: "%s" }
    """
            .formatted(uid(), CALLER)
        + more.indent(2);
  }

  private static Object uid() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }
}
