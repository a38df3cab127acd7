package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodyException;
import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * SoftHSM with one token for each test class that needs one of its own.
 *
 * <p>SoftHSM reads its configuration and the list of its tokens once in a process, at {@code
 * C_Initialize}. So all tokens are made here, before any test loads the library.
 */
final class SoftHsm {

  static final String PIN = "4711-user";
  static final String CONTRACT = "contract";
  static final String CUSTODY = "custody";
  static final String PIN_TRIED = "pin-tried";
  static final String TWIN = "twin";

  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);
  private static final Path LIBRARY = FetchedPeers.path("softhsm/usr/lib/softhsm/libsofthsm2.so");
  private static final Path UTIL = FetchedPeers.path("softhsm/usr/bin/softhsm2-util");
  private static final Path SPY =
      FetchedPeers.path("opensc/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so");
  private static final Path HOME = Path.of("target", "softhsm").toAbsolutePath();
  private static final boolean PREPARED = Files.exists(LIBRARY) && prepared();

  private SoftHsm() {}

  /** The library; a test without it is skipped, and on CI it fails. */
  static Path library() {
    return PREPARED ? LIBRARY : FetchedPeers.require(LIBRARY);
  }

  /** The library behind one that writes every call to a log, for {@link #spied}. */
  static Path spy() {
    Path _ = library();
    return FetchedPeers.require(SPY);
  }

  /** How often this process has called the function through {@link #spy}. */
  static long spied(String function) throws IOException {
    Path log = HOME.resolve("spy.log");
    if (!Files.exists(log)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(line -> line.endsWith(": " + function)).count();
    }
  }

  static Pkcs11Settings settings(String token) {
    return new Pkcs11Settings(library(), token, Optional.empty(), 4, LONG_ON_A_BUSY_MACHINE);
  }

  static char[] pin() {
    return PIN.toCharArray();
  }

  /** Destroys everything on the token. */
  static void empty(String token) throws CustodyException {
    try (NativeSession session = session(token)) {
      for (long object : session.find()) {
        session.destroy(object);
      }
    }
  }

  /** A session of the test's own, to look at the token independently of the custodian. */
  static NativeSession session(String token) throws CustodyException {
    Pkcs11Module module = Pkcs11Module.load(library());
    long slot =
        module.slots().tokens().stream()
            .filter(t -> t.label().equals(token))
            .findFirst()
            .orElseThrow()
            .slot();
    NativeSession session = NativeSession.open(module, token, slot);
    session.login(pin());
    return session;
  }

  private static boolean prepared() {
    try {
      wipe();
      Path tokens = Files.createDirectories(HOME.resolve("tokens"));
      Files.writeString(
          HOME.resolve("softhsm2.conf"),
          "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
      Files.createSymbolicLink(HOME.resolve("libsofthsm2.so"), LIBRARY);
      for (String label : List.of(CONTRACT, CUSTODY, PIN_TRIED, TWIN, TWIN)) {
        initialise(label);
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void wipe() throws IOException {
    if (!Files.exists(HOME)) {
      return;
    }
    try (Stream<Path> all = Files.walk(HOME)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void initialise(String label) throws IOException, InterruptedException {
    Path log = HOME.resolve("util.log");
    String module = LIBRARY.toString();
    String[] command = {
      UTIL.toString(),
      "--module",
      module,
      "--init-token",
      "--free",
      "--label",
      label,
      "--pin",
      PIN,
      "--so-pin",
      "4711-officer"
    };
    Process util =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (util.waitFor() != 0) {
      throw new IOException(Files.readString(log));
    }
  }
}
