package io.signet.ca.app;

import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that holds the trust bundle as PEM; readers see the old one or the new one, never half.
 */
final class BundleFile {

  private final Path file;

  BundleFile(Path file) {
    this.file = file;
  }

  void write(TrustBundle bundle) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    Path next = Files.createTempFile(parent, "." + file.getFileName(), ".next");
    try {
      Files.writeString(next, bundle.toPem());
      Files.setPosixFilePermissions(
          next, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(next);
    }
  }
}
