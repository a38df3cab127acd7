package io.signet.ca.store;

import io.signet.ca.ledger.IssuanceLedgerContract;
import io.signet.spiffe.SerialNumber;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A second process that writes intents and prints the serial number of each that is recorded. */
final class OtherProcess implements AutoCloseable {

  private static final int MANY = 1_000_000;

  private final Process process;
  private final BufferedReader output;

  private OtherProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.US_ASCII);
  }

  static OtherProcess writingTo(Path directory) throws IOException {
    return new OtherProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                OtherProcess.class.getName(),
                directory.toString())
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
    for (int i = 1; i < MANY; i++) {
      ledger.intend(IssuanceLedgerContract.intent(new SerialNumber(BigInteger.valueOf(i))));
      ledger.issued(new SerialNumber(BigInteger.valueOf(i)), new byte[] {1});
      // One write, so that a kill never leaves half a line that could be believed.
      System.out.write((i + "\n").getBytes(StandardCharsets.US_ASCII));
      System.out.flush();
    }
  }
}
