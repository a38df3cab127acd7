package io.signet.e2e.peers;

import static java.lang.ProcessBuilder.Redirect.appendTo;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program in a process of its own, with its output in a log file. It does not outlive this JVM,
 * unless that is killed without a chance to run its shutdown hooks.
 */
public final class PeerProcess implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final int TAIL = 4_000;

  private final String name;
  private final Process process;
  private final Path log;
  private final int logStart;
  private final Thread killAtExit;
  private boolean frozen;

  private PeerProcess(String name, Process process, Path log, int logStart) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.logStart = logStart;
    this.killAtExit = new Thread(process::destroyForcibly, "kill " + name);
  }

  /**
   * Starts a program.
   *
   * @param name for messages, and for the log: {@code NAME.log} in the directory, which is
   *     continued if it is there
   * @param environment is added to that of this process
   */
  public static PeerProcess start(
      String name, Path directory, Map<String, String> environment, List<String> command)
      throws IOException {
    Path log = directory.resolve(name + ".log");
    int logStart = Files.exists(log) ? (int) Files.size(log) : 0;
    var builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.redirectErrorStream(true).redirectOutput(appendTo(log.toFile()));
    builder.environment().putAll(environment);
    var started = new PeerProcess(name, builder.start(), log, logStart);
    Runtime.getRuntime().addShutdownHook(started.killAtExit);
    return started;
  }

  /**
   * Returns as soon as the program is ready.
   *
   * @throws AssertionError with the end of the log, if it exits or the deadline passes first
   */
  public void awaitReady(Duration deadline, Await.Condition ready) {
    try {
      Await.until(name, deadline, () -> !process.isAlive() || ready.holds());
    } catch (AssertionError e) {
      throw failure("is not ready after " + deadline, e);
    }
    if (!process.isAlive()) throw failure("exited with " + process.exitValue(), null);
  }

  /** As {@link #awaitReady}, ready being that it has printed the text. */
  public void awaitOutput(String text, Duration deadline) {
    awaitReady(deadline, () -> log().contains(text));
  }

  /** What the program has printed since it was started. */
  public String log() {
    try {
      byte[] all = Files.readAllBytes(log);
      return new String(all, logStart, all.length - logStart, UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The id of the process; of the program itself, as no shell or wrapper is in between. */
  public long pid() {
    return process.pid();
  }

  /** Whether the program runs; a frozen one does. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Returns the exit code of a program that ends by itself.
   *
   * @throws AssertionError with the end of the log, if it still runs at the deadline
   */
  public int awaitExit(Duration deadline) {
    if (!isGoneWithin(deadline)) throw failure("still runs after " + deadline, null);
    return process.exitValue();
  }

  /** Asks the program to end (SIGTERM), and returns at once. */
  public void terminate() {
    process.destroy();
  }

  /** Interrupts the program as Ctrl-C does (SIGINT), and returns at once. */
  public void interrupt() {
    signal("INT");
  }

  /** Asks the program to end (SIGTERM), insists after ten seconds, and returns when it is gone. */
  public void stop() {
    process.destroy();
    if (frozen) thaw();
    if (!isGoneWithin(GRACE)) process.destroyForcibly();
    forget();
  }

  /** Ends the program at once (SIGKILL), and returns when it is gone. */
  public void kill() {
    process.destroyForcibly();
    forget();
  }

  /** Halts the program (SIGSTOP): its connections stay open, and nobody answers. */
  public void freeze() {
    signal("STOP");
    frozen = true;
  }

  /** Lets a frozen program go on (SIGCONT). */
  public void thaw() {
    signal("CONT");
    frozen = false;
  }

  /** {@link #stop}. */
  @Override
  public void close() {
    stop();
  }

  private void signal(String signal) {
    try {
      Command.run(List.of("sh", "-c", "kill -" + signal + " " + process.pid()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isGoneWithin(Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void forget() {
    if (!isGoneWithin(GRACE)) throw failure("is still there after SIGKILL", null);
    try {
      Runtime.getRuntime().removeShutdownHook(killAtExit);
    } catch (IllegalStateException hooksAreRunning) {
      // Then the hook finds the process gone.
    }
  }

  private AssertionError failure(String problem, @Nullable Throwable cause) {
    String log = log();
    String tail = log.substring(Math.max(0, log.length() - TAIL));
    return new AssertionError(name + " " + problem + "; its log ends with:\n" + tail, cause);
  }
}
