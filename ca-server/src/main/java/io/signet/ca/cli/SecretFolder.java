package io.signet.ca.cli;

import io.signet.ca.cli.ReceivedSecret.Identity;
import io.signet.ca.cli.ReceivedSecret.Roots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/**
 * Where {@code --out} puts secrets: {@code svid.pem}, {@code svid.key}, {@code bundle.pem}. Each
 * file is replaced in one step, the certificate after its key, so that whoever waits for a new
 * certificate finds the key in place.
 */
final class SecretFolder {
  private final Path folder;

  SecretFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the secrets.
   *
   * @throws CommandException if there is more than one of a kind: each has one place
   */
  void write(Collection<ReceivedSecret> secrets) throws IOException, CommandException {
    requireOneOf(Identity.class, "certificates", secrets);
    requireOneOf(Roots.class, "bundles", secrets);
    Files.createDirectories(folder);
    for (ReceivedSecret secret : secrets) {
      write(secret);
    }
  }

  private void write(ReceivedSecret secret) throws IOException {
    switch (secret) {
      case Identity identity -> {
        LocalFiles.writeSecret(folder.resolve("svid.key"), identity.keyPem().toByteArray());
        LocalFiles.write(folder.resolve("svid.pem"), identity.chainPem());
      }
      case Roots roots -> LocalFiles.write(folder.resolve("bundle.pem"), roots.pem());
    }
  }

  private static void requireOneOf(
      Class<? extends ReceivedSecret> kind, String what, Collection<ReceivedSecret> secrets)
      throws CommandException {
    long count = secrets.stream().filter(kind::isInstance).count();
    if (count > 1) {
      throw new CommandException("--out: %d %s (expected: one)".formatted(count, what));
    }
  }
}
