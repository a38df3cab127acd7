package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import java.util.List;

/** A start that failed as it should: exit 1, one message for a person, and no stack trace. */
record Failure(String message) {

  static Failure of(Command.Result result) {
    assertThat(result.exit()).as(result.errors()).isEqualTo(1);
    assertThat(result.output()).doesNotContain("ready");
    assertThat(result.errors()).doesNotContain("\tat ", "Exception");
    List<String> lines = result.errors().lines().toList();
    assertThat(lines.stream().filter(line -> line.startsWith("signet: "))).hasSize(1);
    int first = lines.indexOf(lines.stream().filter(l -> l.startsWith("signet: ")).findAny().get());
    return new Failure(String.join("\n", lines.subList(first, lines.size())));
  }

  /** The message names all of this. */
  Failure names(CharSequence... parts) {
    assertThat(message).contains(parts);
    return this;
  }
}
