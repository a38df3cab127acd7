package io.signet.ca.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.cli.Ran.FakeStarter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The reference knows the options of commands that nobody could guess. */
class CommandReferenceTest {
  private static final Path REFERENCE = Path.of("..", "docs", "reference.md");

  private static final List<String> SERVER =
      List.of("--dir", "--operator", "--admin-token-file", "--cert", "--key", "--ca-file");

  private final CommandLine signet =
      new SignetCommand(new FakeStarter(), new FakeCustody(), new FakeCaOffice(), Clock.systemUTC())
          .commandLine();

  @Test
  void devOptions_inProgramAndReference_same() throws IOException {
    List<String> rows =
        Files.readAllLines(REFERENCE).stream()
            .filter(line -> line.startsWith("| `--"))
            .map(line -> line.substring(0, line.indexOf(" | ", line.indexOf(" | ") + 1)))
            .toList();

    List<OptionSpec> options =
        requireNonNull(signet.getSubcommands().get("dev")).getCommandSpec().options().stream()
            .filter(option -> !option.usageHelp() && !option.versionHelp())
            .toList();

    assertThat(rows).hasSameSizeAs(options);
    assertThat(options)
        .allSatisfy(option -> assertThat(rows).anySatisfy(row -> describes(row, option)));
  }

  @ParameterizedTest
  @CsvSource({
    "entitlement, explain",
    "keys, status",
    "sds, subscribers",
    "rotation, start",
    "rotation, status",
    "rotation, approve",
    "rotation, force",
    "rotation, cancel",
    "svid, revoke"
  })
  void options_inReference_each(String group, String command) throws IOException {
    String row =
        Files.readAllLines(REFERENCE).stream()
            .filter(line -> line.matches("\\| `signet %s %s[ `].*".formatted(group, command)))
            .findFirst()
            .orElseThrow();
    CommandLine commands = requireNonNull(signet.getSubcommands().get(group));
    CommandLine one = requireNonNull(commands.getSubcommands().get(command));

    assertThat(one.getCommandSpec().options())
        .filteredOn(option -> !option.usageHelp() && !option.versionHelp())
        .extracting(OptionSpec::longestName)
        .filteredOn(name -> !name.equals(OutputFormat.OPTION)) // said once for all
        .filteredOn(name -> !isOfServer(one, name))
        .isNotEmpty()
        .allSatisfy(name -> assertThat(row).containsPattern(name + "[ `]"));
  }

  @ParameterizedTest
  @CsvSource({"rotation, start", "authority, list", "bundle, show"})
  void optionsOfServer_inReference_onceForAll(String group, String command) throws IOException {
    CommandLine commands = requireNonNull(signet.getSubcommands().get(group));
    CommandLine one = requireNonNull(commands.getSubcommands().get(command));
    String reference = Files.readString(REFERENCE);
    String paragraph =
        reference
            .substring(reference.indexOf("Commands for administrators"))
            .lines()
            .takeWhile(line -> !line.isBlank())
            .collect(Collectors.joining(" "));

    assertThat(SERVER)
        .allSatisfy(name -> assertThat(one.getCommandSpec().findOption(name)).isNotNull())
        .allSatisfy(name -> assertThat(paragraph).contains("`" + name + " "));
    assertThat(reference).contains("| `signet %s %s".formatted(group, command));
  }

  // Of the commands that have all of them.
  private static boolean isOfServer(CommandLine command, String option) {
    return SERVER.contains(option) && command.getCommandSpec().findOption("--ca-file") != null;
  }

  private static void describes(String row, OptionSpec option) {
    assertThat(row).startsWith("| `" + option.longestName() + "` | ");
    if (option.defaultValue() != null) {
      assertThat(row).endsWith("`" + option.defaultValue() + "`");
    }
  }
}
