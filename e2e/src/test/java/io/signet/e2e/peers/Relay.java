package io.signet.e2e.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Stands between clients and a server on loopback and passes on what they say, as late as it is
 * told to. What it holds arrives in the end, also when whoever said it has long given up.
 */
public final class Relay implements AutoCloseable {
  private static final Duration FOR_EVER = Duration.ofDays(1);

  private final int behind;
  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile Pace pace = new Pace(Duration.ZERO);

  /** How late each part is, while this counts. */
  private record Pace(Duration delay, CountDownLatch over) {
    Pace(Duration delay) {
      this(delay, new CountDownLatch(1));
    }
  }

  private Relay(int behind, ServerSocket listener) {
    this.behind = behind;
    this.listener = listener;
  }

  /** Starts one before the server at this port; it hands on without a delay. */
  public static Relay before(int port) throws IOException {
    var relay = new Relay(port, new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    var _ = relay.threads.submit(relay::accept);
    return relay;
  }

  /** Where clients find it. */
  public int port() {
    return listener.getLocalPort();
  }

  /** From now on each part of what either side says is that late. */
  public void slow(Duration delay) {
    Pace before = pace;
    pace = new Pace(delay);
    before.over().countDown();
  }

  /** From now on nothing gets through; connections stay open. */
  public void hold() {
    slow(FOR_EVER);
  }

  private Void accept() throws IOException {
    while (true) {
      Socket client = kept(listener.accept());
      var _ =
          threads.submit(() -> {
            Socket server = kept(new Socket(InetAddress.getLoopbackAddress(), behind));
            var _ = threads.submit(() -> pass(server, client));
            return pass(client, server);
          });
    }
  }

  private Socket kept(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    open.add(socket);
    return socket;
  }

  private Void pass(Socket from, Socket to) throws IOException, InterruptedException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] part = new byte[8192];
      for (int length = in.read(part); length >= 0; length = in.read(part)) {
        Pace now = pace;
        boolean _ = now.over().await(now.delay().toMillis(), TimeUnit.MILLISECONDS);
        out.write(part, 0, length);
      }
    } finally {
      open.remove(from);
      open.remove(to);
    }
    return null;
  }

  /** Ends it and what goes through it. */
  @Override
  public void close() throws IOException {
    slow(Duration.ZERO);
    listener.close();
    for (Socket each : open) each.close();
    threads.shutdownNow();
  }
}
