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
  void sample_parses() throws Exception {
    String text = Files.readString(REFERENCE);
    int start = text.indexOf("```yaml\n") + "```yaml\n".length();
    String sample = text.substring(start, text.indexOf("```", start));

    assertThat(SignetConfig.parse(sample, Path.of("/")).trustDomain()).hasToString("example.org");
  }

  private static String row(Key key) {
    return "| `%s` | %s | %s |"
        .formatted(
            key.path(), key.whenAbsent(), key.isAvailable() ? key.expected() : "not available yet");
  }
}
