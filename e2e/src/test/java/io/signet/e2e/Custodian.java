package io.signet.e2e;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;

import io.signet.e2e.peers.SoftHsm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What keeps the root's key of a {@code dev}. */
enum Custodian {
  FILE {
    @Override
    SignetProcess dev(Path folder, String... options) throws IOException {
      return SignetProcess.dev(folder.resolve("dev"), options);
    }
  },
  PKCS11 {
    @Override
    SignetProcess dev(Path folder, String... options) throws IOException {
      var hsm = SoftHsm.createIn(Files.createDirectory(folder.resolve("hsm")));
      hsm.initToken("signet", "12345678", PIN);
      List<String> custody =
          List.of(
              "--custodian=pkcs11",
              "--pkcs11-library=" + hsm.library().toAbsolutePath(),
              "--pkcs11-pin-file=" + pinFile(folder));
      String[] all = Stream.concat(custody.stream(), Stream.of(options)).toArray(String[]::new);
      return SignetProcess.dev(folder.resolve("dev"), hsm.environment(), all);
    }
  };

  private static final String PIN = "471147";

  /** Starts the server; all that it and the custodian keep is in this folder. */
  abstract SignetProcess dev(Path folder, String... options) throws IOException;

  private static Path pinFile(Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("pin"), asFileAttribute(fromString("rw-------")));
    return Files.writeString(file, PIN);
  }
}
