package io.signet.ca.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which of the servers at a store one is.
 *
 * @param value the same after each restart; 1 to 64 of {@code a-z 0-9 . -}, as people read it
 */
public record ReplicaId(String value) {

  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");

  private static final String FILE = "replica";
  private static final int LONGEST_HOST = 48;
  private static final int RANDOM_BYTES = 4;

  /** Refuses what is no id. */
  public ReplicaId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "replica id: " + value + " (expected: 1 to 64 of a-z 0-9 . -)");
    }
  }

  /**
   * The one that is kept in this folder, made at the first start.
   *
   * @param host what it is called by then, so that people know it again
   * @throws IOException when it cannot be read or written, or is none
   */
  public static ReplicaId in(Path folder, String host, SecureRandom random) throws IOException {
    Path file = folder.resolve(FILE);
    try {
      return read(file);
    } catch (NoSuchFileException _) {
      write(file, fresh(host, random));
      return read(file);
    }
  }

  private static ReplicaId read(Path file) throws IOException {
    try {
      return new ReplicaId(Files.readString(file).strip());
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static ReplicaId fresh(String host, SecureRandom random) {
    String name =
        host.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-").replaceAll("^[.-]+", "");
    byte[] unique = new byte[RANDOM_BYTES];
    random.nextBytes(unique);
    return new ReplicaId(
        (name.isEmpty() ? FILE : name.substring(0, Math.min(LONGEST_HOST, name.length())))
            + "-"
            + HexFormat.of().formatHex(unique));
  }

  // In one step: a crash leaves no half an id.
  private static void write(Path file, ReplicaId id) throws IOException {
    Path whole = file.resolveSibling(FILE + ".new");
    boolean _ = Files.deleteIfExists(whole);
    Path _ =
        Files.createFile(
            whole,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Path _ = Files.writeString(whole, id.value() + "\n");
    Path _ = Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public String toString() {
    return value;
  }
}
