package io.signet.ca.cli;

import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.SecretPlace.InFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The token that is to keep the root's key of a {@code signet dev}.
 *
 * @param library the module, absolute
 * @param token its label
 * @param pinFile the user PIN, absolute
 */
record Pkcs11Choice(Path library, String token, Path pinFile) {
  static final String SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so";
  static final String TOKEN = "signet";

  /**
   * What the options say, and where they say nothing, what it was.
   *
   * @throws CommandException if there is no such module
   */
  static Pkcs11Choice of(DevOptions options, Optional<Pkcs11Custodian> last, DevDirectory directory)
      throws CommandException {
    Path library =
        options.pkcs11Library.or(() -> last.map(Pkcs11Custodian::library)).orElse(Path.of(SOFTHSM));
    requireReadable(library);
    String token = options.pkcs11Token.or(() -> last.map(Pkcs11Custodian::token)).orElse(TOKEN);
    Path pinFile =
        options
            .pkcs11PinFile
            .or(() -> last.flatMap(Pkcs11Choice::pinFile))
            .orElse(directory.root().resolve("pkcs11.pin"));
    return new Pkcs11Choice(library.toAbsolutePath(), token, pinFile.toAbsolutePath());
  }

  private static void requireReadable(Path library) throws CommandException {
    if (!Files.isReadable(library)) {
      throw new CommandException(
          "--pkcs11-library %s: no such file (expected: a PKCS#11 module; install the package"
                  .formatted(library)
              + " softhsm2, make a token with softhsm2-util --init-token, or name another module)");
    }
  }

  private static Optional<Path> pinFile(Pkcs11Custodian token) {
    return token.pin() instanceof InFile(Path path) ? Optional.of(path) : Optional.empty();
  }
}
