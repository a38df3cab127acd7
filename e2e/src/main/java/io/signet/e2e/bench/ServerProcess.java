package io.signet.e2e.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A server in a process of its own, from its start until it is closed; it never outlives this one.
 */
final class ServerProcess implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final Process process;
  private final Thread killAtExit;
  private final CompletableFuture<Duration> ready = new CompletableFuture<>();

  private ServerProcess(Process process) {
    this.process = process;
    this.killAtExit = new Thread(process::destroyForcibly);
  }

  /** Starts a server and returns when it has said that it is ready. */
  static ServerProcess start(List<String> command, Path log)
      throws BenchException, IOException, InterruptedException {
    return start(command, Map.of(), log);
  }

  /**
   * As {@link #start(List, Path)}.
   *
   * @param environment what it has in its environment besides
   */
  static ServerProcess start(List<String> command, Map<String, String> environment, Path log)
      throws BenchException, IOException, InterruptedException {
    long started = System.nanoTime();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    ServerProcess server = new ServerProcess(builder.start());
    Runtime.getRuntime().addShutdownHook(server.killAtExit);
    Thread _ = Thread.ofPlatform().daemon().start(() -> server.read(started));
    server.awaitReady(log);
    return server;
  }

  // Reads on to the end, or the server would block on a full pipe.
  private void read(long started) {
    try (BufferedReader lines = process.inputReader()) {
      lines.lines().filter(line -> line.startsWith("ready")).forEach(_ -> isReady(started));
    } catch (IOException | UncheckedIOException e) {
      // Also when the process is ended while we read.
      ready.completeExceptionally(e);
    }
    ready.completeExceptionally(new IOException("its output ended"));
  }

  private void isReady(long started) {
    ready.complete(Duration.ofNanos(System.nanoTime() - started));
  }

  private void awaitReady(Path log) throws BenchException, IOException, InterruptedException {
    try {
      Duration _ = ready.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      close();
      throw new BenchException(
          "the server did not get ready; it said:\n" + Files.readString(log).strip(), e);
    }
  }

  /** From the start of the process to its line {@code ready}. */
  Duration timeToReady() {
    return ready.join();
  }

  long pid() {
    return process.pid();
  }

  /** By SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    var _ = process.destroyForcibly();
    int _ = process.waitFor();
    forget();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    forget();
  }

  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(killAtExit);
    } catch (IllegalStateException exiting) {
      // Then the hook finds the process gone.
    }
  }
}
