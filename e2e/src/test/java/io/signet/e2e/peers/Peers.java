package io.signet.e2e.peers;

import io.signet.hsm.FetchedPeers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the peers that {@code e2e/peers/fetch} has put into the cache. */
public final class Peers {
  private Peers() {}

  /**
   * The executable of a peer, or its folder if it is not a single executable ({@code softhsm},
   * {@code opensc}). Without the peer the running test is skipped with the reason; with {@code
   * CI=true} it fails.
   */
  public static Path require(String name) {
    Path executable = FetchedPeers.path("bin").resolve(name);
    if (Files.isExecutable(executable)) return executable;
    Path folder = FetchedPeers.path(name);
    if (Files.isDirectory(folder)) return folder;
    return FetchedPeers.without("peer " + name + " is missing: " + reasonOfAbsence(name));
  }

  private static String reasonOfAbsence(String name) {
    Path reason = FetchedPeers.path("missing").resolve(name);
    if (Files.notExists(reason)) {
      return "not in " + FetchedPeers.path("") + " (run e2e/peers/fetch)";
    }
    try {
      return Files.readString(reason).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
