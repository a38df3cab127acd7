package io.signet.ca.cli;

import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a {@code signet dev}, mode 0700. What lies there once stays: keys and secrets are
 * made when they are missing and never again.
 */
final class DevDirectory {
  private static final int SECRET_BYTES = 32;

  private final Path root;

  /** Names the folder; nothing is made yet. */
  DevDirectory(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  Path root() {
    return root;
  }

  Path config() {
    return root.resolve("config.yaml");
  }

  Path trustBundle() {
    return root.resolve("trust-bundle.pem");
  }

  Path socket() {
    return root.resolve("sds.sock");
  }

  Path envoy() {
    return root.resolve("envoy.yaml");
  }

  Path adminToken() {
    return root.resolve("admin.token");
  }

  Path keys() {
    return root.resolve("keys");
  }

  Path passphrase() {
    return root.resolve("passphrase");
  }

  Path data() {
    return root.resolve("data");
  }

  Path issuer() {
    return root.resolve("dev-issuer");
  }

  /**
   * Makes the folder if it is missing, and takes it for this process until it ends.
   *
   * @throws CommandException if another process has it
   */
  Closeable lock() throws IOException, CommandException {
    LocalFiles.makePrivateFolder(root);
    FileChannel channel =
        FileChannel.open(
            root.resolve("lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    FileLock lock = tryLock(channel);
    if (lock == null) {
      throw taken(channel);
    }
    channel.truncate(0);
    channel.write(ascii(String.valueOf(ProcessHandle.current().pid())), 0);
    return channel; // whose end is that of the lock
  }

  /**
   * Makes the secrets that are missing; only who has the lock may.
   *
   * @throws CommandException if the passphrase of keys that are there is missing
   */
  void makeSecrets() throws IOException, CommandException {
    if (Files.exists(keys()) && !Files.exists(passphrase())) {
      throw new CommandException(
          passphrase() + ": missing (expected: the passphrase of the keys in " + keys() + ")");
    }
    makeSecret(adminToken());
    makeSecret(passphrase());
  }

  /**
   * The configuration of the last server that came to serve here, if its store is still there. Such
   * a server has made its root, so this is what the keys were made for.
   */
  Optional<SignetConfig> lastConfig() throws IOException, CommandException {
    if (!Files.exists(config()) || !Files.exists(data())) {
      return Optional.empty();
    }
    try {
      return Optional.of(SignetConfig.parse(Files.readString(config()), root));
    } catch (ConfigException e) {
      throw new CommandException(
          config()
              + " (expected: as signet dev wrote it; another --dir; or delete it, and give"
              + " --trust-domain and --custodian again):\n"
              + e.getMessage(),
          e);
    }
  }

  /** The user who runs this, by number: the owner of a file made just now. */
  long uid() throws IOException {
    Path probe = Files.createTempFile(root, ".who", "");
    try {
      return ((Number) Files.getAttribute(probe, "unix:uid")).longValue();
    } finally {
      Files.delete(probe);
    }
  }

  /**
   * Makes a secret of 256 random bits in printable form, unless the file is there. Only who has the
   * lock may: of two that both see no file, the slower one would replace the other's secret.
   */
  static void makeSecret(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    LocalFiles.writeSecret(file, Base64.getUrlEncoder().withoutPadding().encode(random));
  }

  // Null both when another process has it and when this one does.
  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private CommandException taken(FileChannel channel) throws IOException {
    var pid = ByteBuffer.allocate(20);
    try (channel) {
      int _ = channel.read(pid, 0);
    }
    return new CommandException(
        "%s: in use by another signet dev, process %s (expected: stop it, or another --dir)"
            .formatted(
                root, new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII)));
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }
}
