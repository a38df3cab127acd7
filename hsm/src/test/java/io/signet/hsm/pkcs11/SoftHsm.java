package io.signet.hsm.pkcs11;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.signet.hsm.CustodyException;
import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
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
  static final String RECOVERY = "recovery";
  static final String PIN_TRIED = "pin-tried";
  static final String TWIN = "twin";

  private static final Duration LONG_ON_A_BUSY_MACHINE = Duration.ofSeconds(60);
  private static final Path LIBRARY = FetchedPeers.path("softhsm/usr/lib/softhsm/libsofthsm2.so");
  private static final Path UTIL = FetchedPeers.path("softhsm/usr/bin/softhsm2-util");
  private static final Path SPY =
      FetchedPeers.path("opensc/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so");
  private static final Path HOME = Path.of("target", "softhsm").toAbsolutePath();
  private static final Path TOKENS = HOME.resolve("tokens");
  private static final Path AWAY = HOME.resolve("away");
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

  /** The library behind one that fails when it is told to. */
  static FaultyModule faulty() throws IOException {
    Path _ = library();
    return FaultyModule.build(HOME);
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
    return new Pkcs11Settings(
        library(), token, Optional.empty(), 4, LONG_ON_A_BUSY_MACHINE, LONG_ON_A_BUSY_MACHINE);
  }

  static char[] pin() {
    return PIN.toCharArray();
  }

  /** Closes every session with the token underneath whoever uses it (P11-1). */
  static void closeSessions(String token) throws CustodyException {
    long _ = call(exported("C_CloseAllSessions"), slot(token));
  }

  /** Logs everybody in this process out of a token, if it is the only one in use (P11-6). */
  static void logOut() throws CustodyException {
    Pkcs11Module _ = Pkcs11Module.load(library());
    MethodHandle logout = exported("C_Logout");
    long session = 1;
    while (!Ckr.OK.is(call(logout, session))) {
      session++;
    }
  }

  /** Ends the library underneath whoever uses it (P11-5). */
  static void finish() {
    long _ = call(exported("C_Finalize"), 0);
  }

  /** From now on its slots say that their tokens can be removed, or that they cannot (P11-4). */
  static void removable(boolean removable) throws IOException {
    configure(removable);
    finish();
  }

  /** Takes the token out; {@link #putBack} puts it back. */
  static void takeOut(String token) throws CustodyException, IOException {
    String serial = token(token).serial();
    // The end of the serial number is that of the folder.
    try (Stream<Path> all = Files.list(TOKENS)) {
      Path files =
          all.filter(each -> each.toString().replace("-", "").endsWith(serial))
              .findFirst()
              .orElseThrow();
      Path _ = Files.move(files, AWAY.resolve(files.getFileName()));
    }
    finish();
  }

  static void putBack() throws IOException {
    try (Stream<Path> all = Files.list(AWAY)) {
      for (Path files : all.toList()) {
        Path _ = Files.move(files, TOKENS.resolve(files.getFileName()));
      }
    }
    finish();
  }

  static long slot(String token) throws CustodyException {
    return token(token).slot();
  }

  private static Pkcs11Module.Token token(String label) throws CustodyException {
    return Pkcs11Module.load(library()).slots().tokens().stream()
        .filter(there -> there.label().equals(label))
        .findFirst()
        .orElseThrow();
  }

  private static MethodHandle exported(String function) {
    var address = SymbolLookup.libraryLookup(LIBRARY, Arena.global()).find(function).orElseThrow();
    return Linker.nativeLinker()
        .downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
  }

  private static long call(MethodHandle function, long argument) {
    try {
      return (long) function.invokeExact(argument);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
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
    NativeSession session = NativeSession.open(module, token, token(token).slot());
    session.login(pin());
    return session;
  }

  private static boolean prepared() {
    try {
      wipe();
      Path _ = Files.createDirectories(TOKENS);
      Path _ = Files.createDirectories(AWAY);
      configure(Boolean.getBoolean("softhsm.removable")); // by the pom
      Files.createSymbolicLink(HOME.resolve("libsofthsm2.so"), LIBRARY);
      for (String label : List.of(CONTRACT, CUSTODY, RECOVERY, PIN_TRIED, TWIN, TWIN)) {
        initialise(label);
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void configure(boolean removable) throws IOException {
    Files.writeString(
        HOME.resolve("softhsm2.conf"),
        """
        directories.tokendir = %s
        objectstore.backend = file
        log.level = ERROR
        slots.removable = %s
        """
            .formatted(TOKENS, removable));
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
