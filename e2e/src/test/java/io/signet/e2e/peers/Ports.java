package io.signet.e2e.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Hands out TCP ports on loopback. */
public final class Ports {
  // Below the range that Linux takes for outgoing connections (32768 and up): no connection can sit
  // on the port of a peer while that is down, so a peer can start again where it was.
  private static final int FIRST = 20_000;
  private static final int AFTER_LAST = 32_768;

  private Ports() {}

  /** A port that nothing listens on; chosen at random, so that test runs side by side differ. */
  public static int free() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, AFTER_LAST);
      if (isFree(port)) return port;
    }
  }

  private static boolean isFree(int port) {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (BindException taken) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
