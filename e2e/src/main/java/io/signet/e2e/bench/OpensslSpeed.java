package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What the machine's own OpenSSL does with P-256 in a second of CPU time: the measure that makes
 * figures of different machines comparable.
 */
record OpensslSpeed(double signsPerSecond, double verifiesPerSecond) {

  private static final String CURVE = "(nistp256)";

  static OpensslSpeed measure() throws BenchException, InterruptedException {
    Process process = start(List.of("openssl", "speed", "-seconds", "3", "ecdsap256"));
    try {
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new BenchException("openssl speed exited with " + process.exitValue());
      }
      return parse(printed);
    } catch (IOException e) {
      throw new BenchException("openssl speed cannot be read: " + e.getMessage(), e);
    } finally {
      process.destroy();
    }
  }

  private static Process start(List<String> command) throws BenchException {
    try {
      return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      throw new BenchException("openssl: not found on the PATH (expected: any of 1.1 or later)", e);
    }
  }

  /** Reads the last line of {@code openssl speed}: two times, then two rates. */
  static OpensslSpeed parse(String printed) throws BenchException {
    List<String> words =
        printed
            .lines()
            .filter(line -> line.contains(CURVE))
            .reduce((_, last) -> last)
            .map(line -> line.substring(line.indexOf(CURVE) + CURVE.length()).strip())
            .map(line -> Arrays.asList(line.split("\\s+")))
            .orElse(List.of());
    if (words.size() != 4) {
      throw new BenchException("openssl speed printed no line of four numbers for P-256");
    }
    return new OpensslSpeed(Double.parseDouble(words.get(2)), Double.parseDouble(words.get(3)));
  }

  /**
   * The least that a certificate costs: one signature, and two verifications, of the request and of
   * what was signed.
   */
  double microsPerCertificate() {
    return 1e6 / signsPerSecond + 2e6 / verifiesPerSecond;
  }
}
