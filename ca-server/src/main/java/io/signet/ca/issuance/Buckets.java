package io.signet.ca.issuance;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A bucket of tokens for each key, all of one size and filled at one rate. Of a bucket only the
 * moment is kept at which it will be full again. One that is full is forgotten, for a new one is
 * full too; and so are the longest unused ones beyond {@link #MOST}, so that nobody fills our
 * memory with keys. Safe for use by many threads; never blocks for long.
 */
final class Buckets {

  static final int MOST = 100_000;

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final long interval;
  private final long wholeBucket;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> fullAt;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  Buckets(RateLimit limit, LongSupplier nanoTime) {
    this.interval = Math.max(1, SECOND / limit.perSecond());
    this.wholeBucket = interval * limit.burst();
    this.nanoTime = nanoTime;
    this.fullAt =
        CacheBuilder.newBuilder()
            .maximumSize(MOST)
            .expireAfterAccess(Duration.ofNanos(wholeBucket))
            .ticker(ticker(nanoTime))
            .build();
  }

  private static Ticker ticker(LongSupplier nanoTime) {
    return new Ticker() {
      @Override
      public long read() {
        return nanoTime.getAsLong();
      }
    };
  }

  /** Takes a token out of the bucket of this key, if there is one. */
  boolean take(String key) {
    long now = nanoTime.getAsLong();
    AtomicLong bucket = bucket(key, now);
    while (true) {
      long full = bucket.get();
      long missing = Math.max(0, full - now) + interval;
      if (missing > wholeBucket) {
        return false;
      }
      if (bucket.compareAndSet(full, now + missing)) {
        return true;
      }
    }
  }

  private AtomicLong bucket(String key, long now) {
    try {
      return fullAt.get(key, () -> new AtomicLong(now));
    } catch (ExecutionException e) {
      throw new IllegalStateException("a bucket could not be made", e);
    }
  }

  /** How many keys are remembered. */
  long size() {
    return fullAt.size();
  }
}
