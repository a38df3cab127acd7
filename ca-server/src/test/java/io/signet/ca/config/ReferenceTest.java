package io.signet.ca.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The reference says what the program does. */
class ReferenceTest {
  private static final Path REFERENCE = Path.of("..", "docs", "reference.md");

  @Test
  void keys_inProgramAndReference_same() throws IOException {
    List<String> rows =
        Files.readAllLines(REFERENCE).stream()
            .dropWhile(line -> !line.startsWith("| key | default"))
            .skip(2)
            .takeWhile(line -> line.startsWith("|"))
            .toList();

    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(Key.values())
                .filter(key -> !key.isSection())
                .map(ReferenceTest::row)
                .toList());
  }

  @Test
  void samples_parse() throws Exception {
    String[] samples = Files.readString(REFERENCE).split("```yaml\n|\n```\n");
    String whole = samples[1];
    String rules = samples[3];
    String secrets = samples[5];

    assertThat(SignetConfig.parse(whole, Path.of("/")).trustDomain()).hasToString("example.org");
    assertThat(SignetConfig.parse(whole + "\n" + rules, Path.of("/")).rules()).hasSize(3);
    assertThat(SignetConfig.parse(whole + "\n" + secrets, Path.of("/")).federation()).hasSize(1);
  }

  private static String row(Key key) {
    return "| `%s` | %s | %s |".formatted(key.path(), key.whenAbsent(), key.expected());
  }
}
