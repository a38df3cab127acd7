package io.signet.e2e.bench;

import static java.nio.file.attribute.PosixFilePermissions.fromString;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Starts servers by the class path of the tests, which may hold folders and not only jars. */
final class ProgramOfTests {

  private ProgramOfTests() {}

  /**
   * @param folder where its launcher is put
   */
  static Program in(Path folder) throws IOException {
    Path launcher = folder.resolve("launcher");
    Path _ =
        Files.writeString(
            launcher,
            """
            #!/bin/sh
            exec '%s/bin/java' --enable-native-access=ALL-UNNAMED -cp '%s' io.signet.ca.app.Main "$@"
            """
                .formatted(System.getProperty("java.home"), System.getProperty("java.class.path")));
    return Program.launchedBy(Files.setPosixFilePermissions(launcher, fromString("rwx------")));
  }
}
