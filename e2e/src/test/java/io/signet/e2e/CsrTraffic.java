package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.e2e.peers.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A client as a sidecar's agent is one: it asks for a certificate with a key of its own, shows it
 * and trusts what came with it until half of its life is over, and asks again, also when it is told
 * to come later (ISTIO-29): meanwhile it goes on with what it has, to its end. Each of its requests
 * is a whole handshake.
 */
final class CsrTraffic implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final Duration LIFE = Duration.ofSeconds(12);
  private static final Duration BEFORE_ITS_END =
      Duration.ofSeconds(2); // a handshake takes its time

  private final Path socket;
  private final Path folder;
  private final int port;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong renewed = new AtomicLong();
  private final Queue<Status> refusals = new ConcurrentLinkedQueue<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final Thread client = Thread.ofPlatform().name("csr-traffic").unstarted(this::run);
  private volatile boolean stopped;

  private CsrTraffic(Path socket, Path folder, int port) {
    this.socket = socket;
    this.folder = folder;
    this.port = port;
  }

  /**
   * Starts to ask and to send.
   *
   * @param socket where certificates are asked for
   * @param port of the server with mutual TLS
   */
  static CsrTraffic start(Path socket, Path folder, int port) throws Exception {
    var traffic = new CsrTraffic(socket, Files.createDirectory(folder), port);
    traffic.client.start();
    return traffic;
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns when so many more requests were answered, and none was not. */
  void awaitMore(long more, Duration deadline) {
    long goal = answered.get() + more;
    Await.until(more + " answers", deadline, () -> answered.get() >= goal || !failures.isEmpty());
    assertThat(failures).isEmpty();
  }

  /** How many certificates it has got. */
  long renewed() {
    return renewed.get();
  }

  /** How often it was told to come later. */
  List<Status> refusals() {
    return List.copyOf(refusals);
  }

  private void run() {
    try {
      Csr csr = Csr.create(folder);
      Files.copy(csr.key(), folder.resolve("svid.key"), StandardCopyOption.REPLACE_EXISTING);
      Use use = Use.NONE;
      while (!stopped) {
        if (use.isDue()) use = renew(csr, use);
        Optional<MutualTls> good = use.good();
        if (good.isPresent()) note(good.get().get(port));
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    } catch (Exception e) {
      failures.add(e.toString());
    }
  }

  /** A certificate in use. */
  private record Use(@Nullable MutualTls tls, Instant half, Instant end) {
    static final Use NONE = new Use(null, Instant.MIN, Instant.MIN);

    boolean isDue() {
      return !Instant.now().isBefore(half);
    }

    Optional<MutualTls> good() {
      return Instant.now().isBefore(end) ? Optional.ofNullable(tls) : Optional.empty();
    }
  }

  private Use renew(Csr csr, Use present) throws Exception {
    try (CsrClient asking = CsrClient.unix(socket)) {
      SignedChain chain = asking.sign(csr, LIFE);
      renewed.incrementAndGet();
      return used(chain);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
      refusals.add(e.getStatus());
      return present;
    }
  }

  private Use used(SignedChain chain) throws Exception {
    chain.writeTo(folder);
    Files.move(
        folder.resolve("chain.pem"),
        folder.resolve("svid.pem"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.move(
        folder.resolve("roots.pem"),
        folder.resolve("bundle.pem"),
        StandardCopyOption.REPLACE_EXISTING);
    Instant now = Instant.now();
    Instant end = chain.leaf().getNotAfter().toInstant();
    return new Use(
        MutualTls.of(folder),
        now.plus(Duration.between(now, end).dividedBy(2)),
        end.minus(BEFORE_ITS_END));
  }

  private void note(String answer) {
    if (answer.startsWith("HTTP/1.1 200 ")) {
      answered.incrementAndGet();
    } else {
      failures.add(answer);
    }
  }

  @Override
  public void close() throws InterruptedException {
    stopped = true;
    client.join();
  }
}
