package io.signet.hsm.pkcs11;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.util.Objects.requireNonNull;

import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A real PKCS#11 module behind one that fails when it is told to. It is built here from C, because
 * SunPKCS11 takes nothing but a library; a test without a C compiler is skipped, and on CI it
 * fails.
 */
public final class FaultyModule {
  /** P11-3: each code that means a lost connection, and one that is a vendor's own. */
  static final List<String> LOSSES =
      List.of(
          "0x002",
          "0x005",
          "0x006",
          "0x030",
          "0x031",
          "0x032",
          "0x060",
          "0x082",
          "0x0B0",
          "0x0B3",
          "0x0E0",
          "0x101",
          "0x190",
          "0x80000107");

  private static final String SOURCE = "faulty-pkcs11.c";

  private final Path folder;

  private FaultyModule(Path folder) {
    this.folder = folder;
  }

  /** Builds it in this folder. */
  public static FaultyModule build(Path folder) throws IOException {
    var module = new FaultyModule(folder);
    Path source = folder.resolve(SOURCE);
    try (InputStream in = requireNonNull(FaultyModule.class.getResourceAsStream(SOURCE))) {
      long _ = Files.copy(in, source, REPLACE_EXISTING);
    }
    String[] command = {
      "cc", "-shared", "-fPIC", "-o", module.library().toString(), source.toString(), "-ldl"
    };
    module.run(command);
    return module;
  }

  private void run(String... command) throws IOException {
    try {
      Process cc = new ProcessBuilder(command).inheritIO().start();
      if (cc.waitFor() != 0) {
        throw new IOException(String.join(" ", command));
      }
    } catch (IOException e) {
      Path _ = FetchedPeers.without("a C compiler: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  public Path library() {
    return folder.resolve("faulty-pkcs11.so");
  }

  private Path orders() {
    return folder.resolve("faulty-pkcs11.orders");
  }

  /** What a process needs in its environment so that this module stands before that one. */
  public Map<String, String> environment(Path before) {
    return Map.of("FAULTY_PKCS11", before.toString(), "FAULTY_PKCS11_ORDERS", orders().toString());
  }

  /**
   * From now on this fails and nothing else.
   *
   * @param lines such as {@code C_Sign 0xB3 1}, {@code C_Sign hang 1} or {@code C_Sign flip 1}; the
   *     number says for how many calls
   */
  public void order(String... lines) throws IOException {
    Path next = Files.write(folder.resolve("faulty-pkcs11.next"), List.of(lines));
    Path _ = Files.move(next, orders(), ATOMIC_MOVE, REPLACE_EXISTING);
  }
}
