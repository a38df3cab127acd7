package io.signet.e2e;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.e2e.peers.Await;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * Callers that ask for one certificate after another. As Istio's agent does (ISTIO-29), each dials
 * again after a refusal.
 */
final class Load implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** Makes a client with a new connection. */
  @FunctionalInterface
  interface Dial {
    CsrClient client() throws IOException;
  }

  private final Dial dial;
  private final Csr csr;
  private final List<Caller> callers = new ArrayList<>();
  private final Queue<Status> refusals = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;

  private Load(Dial dial, Csr csr) {
    this.dial = dial;
    this.csr = csr;
  }

  /** Starts to ask. */
  static Load of(int callers, Csr csr, Dial dial) {
    var load = new Load(dial, csr);
    for (int i = 0; i < callers; i++) load.callers.add(load.new Caller("caller-" + i));
    load.callers.forEach(caller -> caller.thread.start());
    return load;
  }

  /** The certificates that arrived. */
  List<X509Certificate> received() {
    return callers.stream().flatMap(caller -> caller.received.stream()).toList();
  }

  /** The statuses of the calls that did not bring one. */
  List<Status> refusals() {
    return List.copyOf(refusals);
  }

  /** Returns when so many more certificates have arrived. */
  void awaitMore(int more, Duration deadline) {
    int goal = received().size() + more;
    Await.until(
        more + " certificates, after " + refusals, deadline, () -> received().size() >= goal);
  }

  /** Returns when one more certificate has arrived at each caller. */
  void awaitOneMoreForEach(Duration deadline) {
    for (Caller caller : callers) {
      int before = caller.received.size();
      Await.until(
          "a certificate for " + caller.thread.getName() + ", after " + refusals,
          deadline,
          () -> caller.received.size() > before);
    }
  }

  /** Returns when all callers have the answers to their last calls. */
  @Override
  public void close() {
    stopped = true;
    try {
      for (Caller caller : callers) caller.thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Caller {
    private final Queue<X509Certificate> received = new ConcurrentLinkedQueue<>();
    private final Thread thread;

    private Caller(String name) {
      this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    private void run() {
      while (!stopped) {
        try (var client = dial.client()) {
          while (!stopped) received.add(client.sign(csr).leaf());
        } catch (StatusRuntimeException e) {
          refusals.add(e.getStatus());
          LockSupport.parkNanos(PAUSE.toNanos());
        } catch (IOException | RuntimeException e) {
          refusals.add(Status.fromThrowable(e)); // UNKNOWN, which no server answers
          return;
        }
      }
    }
  }
}
