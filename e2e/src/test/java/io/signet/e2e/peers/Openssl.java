package io.signet.e2e.peers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The {@code openssl} of the path: makes keys and certificates that Signet did not make. */
public final class Openssl {
  private Openssl() {}

  /**
   * What {@code openssl ARGUMENTS} prints.
   *
   * @throws IOException if it refuses, with what it printed to standard error
   */
  public static String run(String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    return Command.run(command);
  }
}
