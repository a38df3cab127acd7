package io.signet.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A client that sends one HTTP request after another, each over a connection of its own. */
final class Traffic implements AutoCloseable {
  private static final int LIMIT_MILLIS = 10_000;
  private static final int FAILURES_KEPT = 20;

  // A hundred connections a second are plenty; this leaves the processor to the others.
  private static final Duration PAUSE = Duration.ofMillis(10);

  private static final byte[] REQUEST =
      "GET / HTTP/1.1\r\nHost: e2e\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);

  private final int port;
  private final List<String> expected;
  private final AtomicLong answered = new AtomicLong();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final Thread client = Thread.ofPlatform().name("traffic").unstarted(this::run);
  private volatile boolean stopped;

  private Traffic(int port, List<String> expected) {
    this.port = port;
    this.expected = expected;
  }

  /**
   * Starts to send.
   *
   * @param expected what each answer must contain besides status 200
   */
  static Traffic to(int port, String... expected) {
    var traffic = new Traffic(port, List.of(expected));
    traffic.client.start();
    return traffic;
  }

  /** The whole answer to one request. */
  static String request(int port) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LIMIT_MILLIS);
      socket.getOutputStream().write(REQUEST);
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  /** How many requests were answered as expected. */
  long answered() {
    return answered.get();
  }

  /** What went wrong, if anything. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns when so many more requests were answered as expected, and none was not. */
  void awaitMore(long more, Duration deadline) {
    long goal = answered() + more;
    Await.until(more + " answers", deadline, () -> answered() >= goal || !failures.isEmpty());
    assertThat(failures).isEmpty();
  }

  @Override
  public void close() {
    stopped = true;
    try {
      client.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!stopped && failures.size() < FAILURES_KEPT) {
      try {
        note(request(port));
        LockSupport.parkNanos(PAUSE.toNanos());
      } catch (IOException e) {
        failures.add(e.toString());
      }
    }
  }

  private void note(String answer) {
    if (answer.startsWith("HTTP/1.1 200 ") && expected.stream().allMatch(answer::contains)) {
      answered.incrementAndGet();
    } else {
      failures.add(answer);
    }
  }
}
