package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedgerContract;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A second process that can be killed. By itself it writes intents and prints the serial number of
 * each that is recorded.
 */
final class OtherProcess implements AutoCloseable {

  /** How many write at once, so that commits are of different sizes. */
  static final int THREADS = 4;

  private final Process process;
  private final BufferedReader output;

  private OtherProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.US_ASCII);
  }

  /**
   * @param first serial number that it writes
   */
  static OtherProcess writingTo(Path directory, int first) throws IOException {
    return running(OtherProcess.class, directory.toString(), Integer.toString(first));
  }

  /** Runs the main method of this class. */
  static OtherProcess running(Class<?> program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1"); // it starts sooner, and does not live for long
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    return new OtherProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Waits until so many lines were printed. */
  List<String> read(int count) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(read());
    }
    return lines;
  }

  /** Waits for one more line. */
  String read() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new AssertionError("the other process ended by itself");
    }
    return line;
  }

  /** Kills it as {@code kill -9} does and returns what it had printed besides. */
  List<String> kill() throws InterruptedException {
    boolean _ = process.toHandle().destroyForcibly(); // Process itself would close its output
    int _ = process.waitFor();
    return output.lines().toList();
  }

  @Override
  public void close() throws InterruptedException {
    int _ = process.destroyForcibly().waitFor();
  }

  /** In the other process. */
  public static void main(String[] arguments) throws Exception {
    var ledger = new SqlIssuanceLedger(EmbeddedDatabase.open(Path.of(arguments[0])));
    var next = new AtomicInteger(Integer.parseInt(arguments[1]));
    for (int i = 0; i < THREADS; i++) {
      var _ = Thread.ofPlatform().start(() -> writeForEver(ledger, next));
    }
  }

  private static void writeForEver(SqlIssuanceLedger ledger, AtomicInteger next) {
    try {
      while (true) {
        int i = next.getAndIncrement();
        ledger.intend(IssuanceLedgerContract.intent(new SerialNumber(BigInteger.valueOf(i))));
        ledger.issued(new SerialNumber(BigInteger.valueOf(i)), new byte[] {1});
        print(Integer.toString(i));
      }
    } catch (LedgerException e) {
      throw new AssertionError(e);
    }
  }

  /** In the other process: one write, so that a kill leaves no half line that could be believed. */
  static synchronized void print(String line) {
    System.out.writeBytes((line + "\n").getBytes(StandardCharsets.US_ASCII));
    System.out.flush();
  }
}
