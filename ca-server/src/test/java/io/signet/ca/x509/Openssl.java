package io.signet.ca.x509;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The {@code openssl} command: what others will make of our certificates, and send us. */
public final class Openssl {

  private Openssl() {}

  /** What it prints, output and errors together. */
  public static String run(Path directory, byte[] input, String... arguments) throws IOException {
    List<String> command = Stream.concat(Stream.of("openssl"), Stream.of(arguments)).toList();
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    try (var out = process.getOutputStream()) {
      out.write(input);
    }
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
