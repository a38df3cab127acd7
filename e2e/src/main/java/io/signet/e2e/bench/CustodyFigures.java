package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the benchmark of the custodians has measured, in a process of its own. */
record CustodyFigures(List<Speed> speeds, List<Recovery> recoveries) {

  /** By whom ours is named. */
  static final String OURS = "signet";

  /** One measurement; of others than ours without latencies. */
  record Speed(
      String custodian,
      String by,
      int callers,
      double perSecond,
      double p50Millis,
      double p99Millis) {}

  /** Of one mishap, all runs. */
  record Recovery(String device, String mishap, List<Duration> times) {
    Recovery {
      times = times.stream().sorted().toList();
    }

    /** With an even number of runs the slower of the two in the middle. */
    Duration median() {
      return times.get(times.size() / 2);
    }
  }

  /** What it runs; part of the tests of the custodians, whose devices it uses. */
  private static final String MAIN = "io.signet.hsm.CustodyFigures";

  CustodyFigures {
    speeds = List.copyOf(speeds);
    recoveries = List.copyOf(recoveries);
  }

  static CustodyFigures measured(int rounds, Duration duration, int runs)
      throws BenchException, IOException, InterruptedException {
    try (BenchFolder folder = BenchFolder.create()) {
      Path out = folder.path().resolve("figures");
      List<String> arguments =
          List.of(
              out.toString(),
              Integer.toString(rounds),
              Long.toString(duration.toMillis()),
              Integer.toString(runs));
      run(folder.path(), Program.of(MAIN).command(arguments));
      return parse(Files.readAllLines(out));
    }
  }

  private static void run(Path folder, List<String> command)
      throws BenchException, IOException, InterruptedException {
    Path token = folder.resolve("target/softhsm"); // where the tests have it
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    // Read by the libraries, so set before the JVM starts.
    builder.environment().put("SOFTHSM2_CONF", token.resolve("softhsm2.conf").toString());
    builder.environment().put("FAULTY_PKCS11", token.resolve("libsofthsm2.so").toString());
    builder
        .environment()
        .put("FAULTY_PKCS11_ORDERS", token.resolve("faulty-pkcs11.orders").toString());
    Process process = builder.start();
    try {
      if (process.waitFor() != 0) {
        throw new BenchException("custody: failed:\n" + end(log));
      }
    } finally {
      process.destroy();
    }
  }

  private static String end(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /** Words with tabs between; the first says what a line is. */
  static CustodyFigures parse(List<String> lines) throws BenchException {
    List<Speed> speeds = new ArrayList<>();
    List<Recovery> recoveries = new ArrayList<>();
    for (String line : lines) {
      List<String> words = Arrays.asList(line.split("\t"));
      switch (words.getFirst()) {
        case "speed" -> speeds.add(speed(words));
        case "recovery" -> recoveries.add(recovery(words));
        default -> throw new BenchException("custody: unknown line: " + line);
      }
    }
    return new CustodyFigures(speeds, recoveries);
  }

  private static Speed speed(List<String> words) {
    return new Speed(
        words.get(1),
        words.get(2),
        Integer.parseInt(words.get(3)),
        Double.parseDouble(words.get(4)),
        Double.parseDouble(words.get(5)),
        Double.parseDouble(words.get(6)));
  }

  private static Recovery recovery(List<String> words) {
    List<Duration> times =
        words.stream().skip(3).map(nanos -> Duration.ofNanos(Long.parseLong(nanos))).toList();
    return new Recovery(words.get(1), words.get(2), times);
  }
}
