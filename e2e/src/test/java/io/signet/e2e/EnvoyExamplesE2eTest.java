package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.e2e.peers.Envoy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bootstraps that we hand out, with nothing changed but what their heads say is to change. */
@Tag("e2e")
final class EnvoyExamplesE2eTest {
  private static final Path EXAMPLES = Path.of("../k8s/examples/envoy");

  @TempDir private static Path folder;
  @AutoClose private static SignetProcess signet;

  static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @BeforeAll
  static void launch() throws IOException {
    signet = SignetProcess.dev(folder.resolve("dev"));
    String socket = "unix:" + signet.socket();
    var fetched = SignetProcess.command("svid", "fetch", "--sds", socket, "--out", "" + folder);
    assertThat(fetched.exit()).as(fetched.errors()).isZero();
  }

  @Test
  void examples_ofOneMachineAndOfTwo_areThere() throws IOException {
    assertThat(examples())
        .extracting(file -> file.getFileName().toString())
        .contains("uds.yaml", "tls-token.yaml");
  }

  // SDS-4, AUTH-1, AUTH-3
  @ParameterizedTest
  @MethodSource("examples")
  void example_againstDev_servesMutualTls(Path example) throws Exception {
    try (var envoy = Envoy.start(adapted(Files.readString(example)))) {
      envoy.awaitReady();
      int port = envoy.listenerPort("mutual_tls");
      assertThat(MutualTls.of(folder).get(port)).startsWith("HTTP/1.1 200 ").endsWith("ok\n");
      assertThatThrownBy(() -> MutualTls.withoutCertificate(folder).get(port))
          .isInstanceOf(IOException.class);
    }
  }

  private static String adapted(String example) throws IOException {
    Path token = Files.writeString(folder.resolve("token"), signet.token("shop", "cart"));
    return example
        .replace("/run/signet/sds.sock", signet.socket().toString())
        .replace("ca.example.internal:8443", "localhost:" + signet.workloadPort())
        .replace("/etc/envoy/ca-root.pem", signet.bundle().toString())
        .replace("/run/tokens/ca", token.toString())
        .replace("address: 0.0.0.0, port_value: 10443", "address: 127.0.0.1, port_value: 0")
        .replace("port_value: 9901", "port_value: 0");
  }
}
