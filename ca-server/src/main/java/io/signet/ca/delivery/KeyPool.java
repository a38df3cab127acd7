package io.signet.ca.delivery;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.soft.ExportableKey;
import io.signet.sds.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keys made ahead, so that a new stream does not wait for one: an RSA key takes a hundred
 * milliseconds and more. Those of a kind are made from its first use on. When it is empty, whoever
 * needs a key makes it. Safe for use by many threads.
 */
final class KeyPool {
  private final int size;
  private final Timer timer;
  private final Map<KeyAlgorithm, Shelf> shelves = new ConcurrentHashMap<>();

  /**
   * @param size how many of each kind are kept
   * @param timer fills it, on threads of its own
   */
  KeyPool(int size, Timer timer) {
    this.size = size;
    this.timer = timer;
  }

  /** A key that nobody else gets. */
  ExportableKey take(KeyAlgorithm algorithm) {
    return shelf(algorithm).take();
  }

  /** How many of this kind are ready. */
  int ready(KeyAlgorithm algorithm) {
    return shelf(algorithm).keys.size();
  }

  private Shelf shelf(KeyAlgorithm algorithm) {
    return shelves.computeIfAbsent(algorithm, Shelf::new);
  }

  private final class Shelf {
    private final KeyAlgorithm algorithm;
    private final BlockingQueue<ExportableKey> keys = new ArrayBlockingQueue<>(size);
    private final AtomicBoolean filling = new AtomicBoolean();

    Shelf(KeyAlgorithm algorithm) {
      this.algorithm = algorithm;
    }

    ExportableKey take() {
      @Nullable ExportableKey ready = keys.poll();
      if (keys.size() <= size / 2 && filling.compareAndSet(false, true)) {
        Timer.Scheduled _ = timer.after(Duration.ZERO, this::fill);
      }
      return ready == null ? ExportableKey.generate(algorithm) : ready;
    }

    // One at a time, so that others get their turn between.
    private void fill() {
      if (keys.offer(ExportableKey.generate(algorithm)) && keys.remainingCapacity() > 0) {
        Timer.Scheduled _ = timer.after(Duration.ZERO, this::fill);
      } else {
        filling.set(false);
      }
    }
  }
}
