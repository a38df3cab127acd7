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

/** A second process that writes intents and prints the serial number of each that is recorded. */
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
    return new OtherProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                OtherProcess.class.getName(),
                directory.toString(),
                Integer.toString(first))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Waits until so many intents were recorded. */
  List<String> read(int count) throws IOException {
    List<String> serials = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      serials.add(output.readLine());
    }
    return serials;
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
    var ledger = new SqlIssuanceLedger(Database.open(Path.of(arguments[0])));
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
        print(i);
      }
    } catch (LedgerException e) {
      throw new AssertionError(e);
    }
  }

  // One write, so that a kill never leaves half a line that could be believed.
  private static synchronized void print(int serial) {
    System.out.writeBytes((serial + "\n").getBytes(StandardCharsets.US_ASCII));
    System.out.flush();
  }
}
