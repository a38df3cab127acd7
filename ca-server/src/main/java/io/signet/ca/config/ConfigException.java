package io.signet.ca.config;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A configuration that is refused, with everything that is wrong with it. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  ConfigException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  static ConfigException inOrder(List<Problem> problems) {
    return new ConfigException(
        problems.stream().sorted(Comparator.comparingInt(Problem::line)).toList());
  }

  /** All problems in the order of the file; at least one. */
  public List<Problem> problems() {
    return problems;
  }
}
