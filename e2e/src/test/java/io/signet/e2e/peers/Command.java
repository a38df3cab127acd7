package io.signet.e2e.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end. */
public final class Command {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private Command() {}

  /** How a program ended, and what it printed. */
  public record Result(int exit, String output, String errors) {}

  /** As {@link #run(Map, List)}, with the environment of this process. */
  public static String run(List<String> command) throws IOException {
    return run(Map.of(), command);
  }

  /**
   * What the program prints to its standard output.
   *
   * @param environment is added to that of this process
   * @throws IOException if the program cannot be started, takes more than three minutes, or exits
   *     with anything but 0; then the message holds what it printed to standard error
   */
  public static String run(Map<String, String> environment, List<String> command)
      throws IOException {
    Result result = result(environment, command);
    if (result.exit() == 0) return result.output();
    throw new IOException(
        command + " exited with " + result.exit() + ": " + result.errors().strip());
  }

  /**
   * How the program ends.
   *
   * @param environment is added to that of this process
   * @throws IOException if the program cannot be started or takes more than three minutes
   */
  public static Result result(Map<String, String> environment, List<String> command)
      throws IOException {
    // Into files and not pipes, so that a program that hangs cannot hang its reader.
    Path output = Files.createTempFile("signet-command", ".out");
    Path errors = Files.createTempFile("signet-command", ".err");
    try {
      var builder = new ProcessBuilder(command);
      builder.redirectOutput(output.toFile()).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      int exit = exitValue(builder.start(), command);
      return new Result(exit, text(output), text(errors));
    } finally {
      Files.delete(output);
      Files.delete(errors);
    }
  }

  // A program may print any byte: NSS does so of names that it takes for text.
  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), UTF_8);
  }

  private static int exitValue(Process process, List<String> command) throws IOException {
    process.getOutputStream().close();
    try {
      if (process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) return process.exitValue();
      throw new IOException(command + " still runs after " + LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + command, e);
    } finally {
      process.destroyForcibly();
    }
  }
}
