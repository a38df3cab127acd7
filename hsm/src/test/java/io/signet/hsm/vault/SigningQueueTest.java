package io.signet.hsm.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodianStatus.Load;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Told;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SigningQueueTest {

  private static final Duration FOR_EVER = Duration.ofHours(1);
  private static final byte[] DIGEST = new byte[32];

  private final List<List<TransitKey>> requests = new CopyOnWriteArrayList<>();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final CountDownLatch device = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void release() {
    device.countDown();
    threads.shutdownNow();
  }

  private List<Transit.Signed> whenReleased(TransitKey key, List<byte[]> digests, Deadline deadline)
      throws CustodyException {
    requests.add(java.util.Collections.nCopies(digests.size(), key));
    try {
      device.await();
    } catch (InterruptedException e) {
      throw new CustodyException(Fault.LOST, "interrupted", e);
    }
    return digests.stream().<Transit.Signed>map(Transit.Signed.Signature::new).toList();
  }

  private SigningQueue queue(int permits, Duration time) {
    return new SigningQueue(
        "vault", permits, time, this::whenReleased, event -> told.add(Told.of(event)));
  }

  // VAULT-4: one request for each key, those of one key together.
  @Test
  void sign_manyWait_oneRequestForEachKey() throws Exception {
    SigningQueue queue = queue(1, FOR_EVER);
    TransitKey one = key("one", KeyAlgorithm.EC_P256);
    TransitKey other = key("other", KeyAlgorithm.EC_P256);
    List<Future<byte[]>> all = new ArrayList<>();
    all.add(threads.submit(() -> queue.sign(one, DIGEST)));
    Waits.until(() -> requests.size() == 1);
    for (int i = 1; i <= 6; i++) {
      TransitKey key = i % 2 == 0 ? one : other;
      byte[] digest = new byte[32];
      digest[0] = (byte) i;
      all.add(threads.submit(() -> queue.sign(key, digest)));
      int waiting = i;
      Waits.until(() -> queue.load().waiting() == waiting);
    }

    device.countDown();

    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i).get()[0]).isEqualTo((byte) i);
    }
    assertThat(requests)
        .containsExactly(List.of(one), List.of(other, other, other), List.of(one, one, one));
  }

  // KC-8
  @Test
  void load_oneUnderWayAndOneWaits_saidAndSoIsTheWait() throws Exception {
    SigningQueue queue = queue(1, FOR_EVER);
    TransitKey key = key("one", KeyAlgorithm.EC_P256);
    assertThat(queue.load()).isEqualTo(new Load(1, 1, 0, 0));
    Future<byte[]> underWay = threads.submit(() -> queue.sign(key, DIGEST));
    Waits.until(() -> requests.size() == 1);
    Future<byte[]> waiting = threads.submit(() -> queue.sign(key, DIGEST));
    Waits.until(() -> queue.load().equals(new Load(1, 0, 1, 0)));

    device.countDown();

    assertThat(underWay.get()).hasSize(32);
    assertThat(waiting.get()).hasSize(32);
    assertThat(told).containsExactly("waited", "waited");
    Waits.until(() -> queue.load().equals(new Load(1, 1, 0, 0)));
  }

  // KC-4
  @Test
  void sign_queueFull_busyAtOnce() throws Exception {
    SigningQueue queue = queue(1, FOR_EVER);
    TransitKey key = key("one", KeyAlgorithm.EC_P256);
    for (int i = 0; i < 65; i++) {
      Future<byte[]> _ = threads.submit(() -> queue.sign(key, DIGEST));
      int expected = i;
      Waits.until(() -> requests.size() == 1 && queue.load().waiting() == expected);
    }

    assertFault(Fault.BUSY, () -> queue.sign(key, DIGEST), "too many wait");
  }

  // KC-3, KC-4: what waits and what is under way, each says so.
  @Test
  void sign_noAnswer_failsAtTheDeadlineAndLeavesTheQueue() throws Exception {
    SigningQueue queue = queue(1, Duration.ofMillis(50));
    TransitKey key = key("one", KeyAlgorithm.EC_P256);

    assertFault(Fault.LOST, () -> queue.sign(key, DIGEST), "no answer within PT0.05S");
    assertFault(Fault.BUSY, () -> queue.sign(key, DIGEST), "no turn within PT0.05S");

    assertThat(queue.load().waiting()).isZero();
  }

  // CT-2, VAULT-8: refused before the call.
  @Test
  void sign_wrongDigestLength_rejectedWithoutAsking() throws Exception {
    SigningQueue queue = queue(1, FOR_EVER);
    TransitKey p256 = key("one", KeyAlgorithm.EC_P256);

    assertFault(Fault.REJECTED, () -> queue.sign(p256, new byte[31]), "31 bytes");
    assertFault(Fault.REJECTED, () -> queue.sign(p256, new byte[48]), "48 bytes");

    assertThat(requests).isEmpty();
  }

  @Test
  void sign_signerFails_everyCallerIsToldAndTheQueueGoesOn() throws Exception {
    SigningQueue queue =
        new SigningQueue(
            "vault",
            1,
            FOR_EVER,
            (key, digests, deadline) -> {
              throw new IllegalStateException("a bug");
            },
            CustodianListener.NONE);
    TransitKey key = key("one", KeyAlgorithm.EC_P256);

    assertFault(Fault.FATAL, () -> queue.sign(key, DIGEST), "a bug");
    assertFault(Fault.FATAL, () -> queue.sign(key, DIGEST), "a bug");
  }

  @Test
  void close_whoWaits_lost() throws Exception {
    SigningQueue queue = queue(1, FOR_EVER);
    TransitKey key = key("one", KeyAlgorithm.EC_P256);
    Future<byte[]> underWay = threads.submit(() -> queue.sign(key, DIGEST));
    Waits.until(() -> requests.size() == 1);
    Future<byte[]> waiting = threads.submit(() -> queue.sign(key, DIGEST));
    Waits.until(() -> queue.load().waiting() == 1);

    queue.close();

    assertThatThrownBy(waiting::get).hasMessageContaining("closed");
    assertFault(Fault.LOST, () -> queue.sign(key, DIGEST), "closed");
    device.countDown();
    assertThat(underWay.get()).hasSize(32);
  }

  private static TransitKey key(String label, KeyAlgorithm algorithm) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(algorithm.generation());
    PublicKey publicKey = generator.generateKeyPair().getPublic();
    return new TransitKey(new KeyLabel(label), 1, algorithm, publicKey);
  }

  private static void assertFault(Fault fault, ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .hasMessageContaining(message)
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }
}
