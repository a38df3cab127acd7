package io.signet.ca.config;

import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Where a secret is to be found; the secret itself is read when it is needed and not before. */
public sealed interface SecretPlace {

  /**
   * Reads the secret; one newline at its end is not part of it.
   *
   * @throws IOException if there is none or it is empty; the message names the place, never the
   *     secret
   */
  default SecretBytes read() throws IOException {
    byte[] found = bytes(System.getenv());
    int length = lengthWithoutNewline(found);
    byte[] secret = Arrays.copyOf(found, length);
    Arrays.fill(found, (byte) 0);
    if (length == 0) {
      throw new IOException(this + ": empty (expected: a secret)");
    }
    SecretBytes wrapped = SecretBytes.copyOf(secret);
    Arrays.fill(secret, (byte) 0);
    return wrapped;
  }

  /** The raw bytes at this place, given the environment of the process. */
  byte[] bytes(Map<String, String> environment) throws IOException;

  private static int lengthWithoutNewline(byte[] bytes) {
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == '\n') {
      length--;
    }
    return length > 0 && length < bytes.length && bytes[length - 1] == '\r' ? length - 1 : length;
  }

  /**
   * A file that holds only the secret.
   *
   * @param path the file, readable by its owner alone
   */
  record InFile(Path path) implements SecretPlace {
    @Override
    public byte[] bytes(Map<String, String> environment) throws IOException {
      return Files.readAllBytes(path);
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /**
   * A variable of the environment.
   *
   * @param name the variable
   */
  record InEnvironment(String name) implements SecretPlace {
    @Override
    public byte[] bytes(Map<String, String> environment) throws IOException {
      String value = environment.get(name);
      if (value == null) {
        throw new IOException(this + ": not set (expected: a secret)");
      }
      return value.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return "env:" + name;
    }
  }
}
