package io.signet.ca.config;

import io.signet.ca.config.FileProbe.Need;
import io.signet.spiffe.SecretBytes;
import java.io.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

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

  /**
   * A person at the terminal, who is asked and whose answer is not shown.
   *
   * @param what is asked for, such as {@code keys.pkcs11.pin}
   */
  record AtPrompt(String what) implements SecretPlace {
    private static final int MOST_BYTES_OF_A_CHAR = 3;

    @Override
    public byte[] bytes(Map<String, String> environment) throws IOException {
      Console console =
          Optional.ofNullable(System.console())
              .filter(Console::isTerminal)
              .orElseThrow(
                  () -> new IOException(this + ": no terminal to ask at (expected: a terminal)"));
      char[] typed = console.readPassword("%s: ", what);
      if (typed == null) {
        throw new IOException(this + ": nothing was typed (expected: a secret)");
      }
      return encoded(typed);
    }

    // Without a buffer of the encoder's own, which nobody could wipe.
    private byte[] encoded(char[] typed) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(MOST_BYTES_OF_A_CHAR * typed.length);
      CoderResult result =
          StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(typed), buffer, true);
      if (result.isError()) { // it would be cut off, and a key sealed under the rest
        throw new IOException(this + ": no Unicode text (expected: a secret)");
      }
      byte[] bytes = Arrays.copyOf(buffer.array(), buffer.position());
      Arrays.fill(buffer.array(), (byte) 0);
      Arrays.fill(typed, '\0');
      return bytes;
    }

    @Override
    public String toString() {
      return what + " at the prompt";
    }
  }

  /**
   * A file whose secret is to be read now.
   *
   * @throws IOException if it cannot be read, or others may read it
   */
  static InFile inPrivateFile(Path path) throws IOException {
    Optional<String> fault = FileProbe.onDisk().fault(path, Need.PRIVATE);
    if (fault.isPresent()) {
      throw new IOException(
          "%s: %s (expected: %s)".formatted(path, fault.get(), Key.Form.SECRET_FILE));
    }
    return new InFile(path);
  }
}
