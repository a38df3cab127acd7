package io.signet.hsm;

import io.signet.hsm.pkcs11.Pkcs11Figures;
import io.signet.hsm.pkcs11.Pkcs11Mishaps;
import io.signet.hsm.vault.ClusterMishaps;
import io.signet.hsm.vault.VaultFigures;
import io.signet.hsm.vault.VaultMishaps;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Measures the custodians against real devices, for {@code signet bench custody}, which starts it
 * with the environment that the devices' libraries need, in a folder of its own.
 *
 * <p>Its arguments are a file, rounds, milliseconds of each measurement in a round, and runs of
 * each mishap. Into the file go lines of words with tabs between: {@code speed}, the custodian, by
 * whom, callers, signatures a second, p50 and p99 in milliseconds; or {@code recovery}, the device,
 * what happens, and times in nanoseconds.
 */
public final class CustodyFigures {

  private static final Duration WARM_UP = Duration.ofSeconds(5);
  private static final String CORRETTO =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private final PrintWriter out;
  private final Path home = Path.of("target").toAbsolutePath();

  private CustodyFigures(PrintWriter out) {
    this.out = out;
  }

  /** Exits with 1 when it fails; whatever threads a library has left, it ends. */
  public static void main(String[] args) {
    try {
      measure(args);
      System.exit(0);
    } catch (Exception | AssertionError e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static void measure(String[] args) throws Exception {
    int rounds = Integer.parseInt(args[1]);
    Duration duration = Duration.ofMillis(Long.parseLong(args[2]));
    int runs = Integer.parseInt(args[3]);
    requirePeers();
    preferNativeCrypto();
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[0])), true)) {
      CustodyFigures figures = new CustodyFigures(out);
      figures.speeds(rounds, duration);
      figures.recoveries(runs);
    }
  }

  // What tests need to be skipped without them is not here.
  private static void requirePeers() throws NoSuchFileException {
    for (String peer : List.of("bin/bao", "softhsm/usr/bin/softhsm2-util")) {
      if (!Files.exists(FetchedPeers.path(peer))) {
        throw new NoSuchFileException(FetchedPeers.path(peer) + ": e2e/peers/fetch brings it");
      }
    }
  }

  // As the server does.
  private static void preferNativeCrypto() throws ReflectiveOperationException {
    Provider provider =
        Class.forName(CORRETTO).asSubclass(Provider.class).getDeclaredConstructor().newInstance();
    int _ = Security.insertProviderAt(provider, 1);
  }

  private void speeds(int rounds, Duration duration) throws Exception {
    if (rounds > 0) {
      speed(FileFigures::open, rounds, duration);
      speed(Pkcs11Figures::open, rounds, duration);
      speed(VaultFigures::open, rounds, duration);
    }
  }

  private void speed(Figures.Opening opening, int rounds, Duration duration) throws Exception {
    try (Figures figures = opening.open(folder("speed"))) {
      SpeedBench bench = new SpeedBench(figures, duration);
      bench.warmUp(WARM_UP);
      for (int round = 0; round < rounds; round++) {
        bench.round(sample -> write(figures.name(), sample));
      }
    }
  }

  private void write(String custodian, SpeedBench.Sample sample) {
    out.printf(
        Locale.ROOT,
        "speed\t%s\t%s\t%d\t%f\t%f\t%f%n",
        custodian,
        sample.by(),
        sample.callers(),
        sample.perSecond(),
        sample.p50Millis(),
        sample.p99Millis());
  }

  private void recoveries(int runs) throws Exception {
    if (runs > 0) {
      try (Pkcs11Mishaps fixed = Pkcs11Mishaps.open(false)) {
        recoveries(fixed.all(), runs);
      }
      try (Pkcs11Mishaps removable = Pkcs11Mishaps.open(true)) {
        recoveries(removable.all(), runs);
      }
      try (VaultMishaps alone = VaultMishaps.open(folder("alone"))) {
        recoveries(alone.all(), runs);
      }
      try (ClusterMishaps cluster = ClusterMishaps.open(folder("cluster"))) {
        recoveries(cluster.all(), runs);
      }
    }
  }

  private void recoveries(List<Mishap> mishaps, int runs) throws Exception {
    for (Mishap mishap : mishaps) {
      String times =
          RecoveryBench.measured(mishap, runs).stream()
              .map(time -> Long.toString(time.toNanos()))
              .collect(Collectors.joining("\t"));
      out.printf("recovery\t%s\t%s\t%s%n", mishap.device(), mishap.name(), times);
    }
  }

  private Path folder(String name) throws IOException {
    return Files.createDirectories(home.resolve(name));
  }
}
