package io.signet.e2e.bench;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Says what is wrong with a command's options; picocli then exits with 2. */
final class Usage {

  private Usage() {}

  static void requirePositive(CommandSpec command, String option, int value) {
    require(command, value > 0, option + " " + value + " (expected: at least 1)");
  }

  static void require(CommandSpec command, boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(command.commandLine(), otherwise);
    }
  }
}
