package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Envoy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bootstraps that we hand out are accepted by Envoy, once the files that they name exist. */
@Tag("e2e")
final class EnvoyExamplesE2eTest {
  private static final Path EXAMPLES = Path.of("../k8s/examples/envoy");

  @TempDir private Path folder;

  static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @Test
  void examples_ofOneMachineAndOfTwo_areThere() throws IOException {
    assertThat(examples())
        .extracting(file -> file.getFileName().toString())
        .contains("uds.yaml", "tls-token.yaml");
  }

  @ParameterizedTest
  @MethodSource("examples")
  void validate_example_accepted(Path example) throws IOException {
    Path here = Files.writeString(folder.resolve("envoy.yaml"), withOurFiles(example));
    var validated = Envoy.validate(here);
    assertThat(validated.exit()).as(validated.errors()).isZero();
  }

  /** What the head of each example says is to change. */
  private String withOurFiles(Path example) throws IOException {
    Path roots = Files.writeString(folder.resolve("roots.pem"), "");
    Path token = Files.writeString(folder.resolve("token"), "token");
    return Files.readString(example)
        .replace("/etc/envoy/ca-root.pem", roots.toString())
        .replace("/run/tokens/ca", token.toString());
  }
}
