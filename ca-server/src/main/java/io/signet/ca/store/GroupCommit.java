package io.signet.ca.store;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.errorprone.annotations.Immutable;
import io.signet.ca.ledger.LedgerException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what many callers submit in one transaction, flushed to the disk once. While one group is
 * being written the next one gathers, so a slow disk makes larger groups and not a longer queue.
 */
final class GroupCommit implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

  private static final int LARGEST_GROUP = 512;

  // Whoever has just been answered comes back within this, with its next write: where many write,
  // the first of them is not worth a commit of its own, which costs as much as thirty writes.
  private static final Duration GATHERING = Duration.ofNanos(200_000);
  private static final String CLOSED = "the ledger is closed";

  /**
   * What it does not exceed.
   *
   * @param queue how many writes wait; one more is refused
   * @param patience how long a caller waits for its write
   * @param pause how long a store that failed is left alone before it is opened again
   */
  @Immutable
  record Limits(int queue, Duration patience, Duration pause) {
    static Limits of(Database database) {
      return new Limits(4096, Duration.ofSeconds(5), database.rest());
    }
  }

  private final Database database;
  private final Limits limits;
  private final BlockingQueue<Pending> queue;
  private final Thread writer;
  private final ScheduledThreadPoolExecutor impatient;
  private volatile boolean closed;
  private volatile @Nullable Long writingSince;
  private @Nullable LedgerConnection connection;
  private boolean several;
  private long failedAt = System.nanoTime();

  GroupCommit(Database database, Limits limits) {
    this.database = database;
    this.limits = limits;
    this.queue = new ArrayBlockingQueue<>(limits.queue());
    this.impatient = impatient();
    this.writer = Thread.ofPlatform().name("ledger").daemon().start(this::run);
  }

  // Nearly all deadlines are taken back in time, and while many wait nobody is woken for that. Were
  // each caller to wait with a deadline of its own, the JDK would wake a thread for it, and again
  // when it is taken back.
  private static ScheduledThreadPoolExecutor impatient() {
    var impatient =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("ledger-patience").daemon().factory());
    impatient.setRemoveOnCancelPolicy(true);
    boolean _ = impatient.prestartCoreThread();
    return impatient;
  }

  /** What keeps it from writing; empty while nothing does. */
  Optional<String> problem() {
    if (closed) {
      return Optional.of(CLOSED);
    }
    return isStuck() ? Optional.of(stuck()) : database.ended();
  }

  private boolean isStuck() {
    Long since = writingSince;
    return since != null && System.nanoTime() - since > limits.patience().toNanos();
  }

  private String stuck() {
    return "the ledger did not write within " + limits.patience();
  }

  /**
   * Returns when the write is durable, with what it returned.
   *
   * @throws LedgerException when it was refused, or nobody knows whether it is durable
   */
  int submit(LedgerWrite write) throws LedgerException {
    Pending pending = new Pending(write);
    Future<?> end = enqueue(pending);
    try {
      return pending.written.get();
    } catch (ExecutionException e) {
      throw refused(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException("interrupted while the ledger was writing", e);
    } finally {
      boolean _ = end.cancel(false);
    }
  }

  // Under the lock of close(): what is in the queue before it is written, and nothing comes after.
  private synchronized Future<?> enqueue(Pending pending) throws LedgerException {
    if (closed) {
      throw new LedgerException(CLOSED);
    }
    if (!queue.offer(pending)) {
      throw new LedgerException("the ledger's queue is full");
    }
    return impatient.schedule(
        () -> pending.written.completeExceptionally(new LedgerException(stuck())),
        limits.patience().toNanos(),
        NANOSECONDS);
  }

  private static LedgerException refused(@Nullable Throwable cause) {
    return cause instanceof LedgerException own
        ? own
        : new LedgerException(
            "the ledger cannot be written: " + (cause == null ? "unknown" : cause.getMessage()),
            cause);
  }

  private void run() {
    while (!closed || !queue.isEmpty()) {
      try {
        List<Pending> group = next();
        reopen();
        if (!group.isEmpty()) {
          write(group);
        }
      } catch (InterruptedException e) {
        stop();
      } catch (RuntimeException | Error e) {
        // Without its writer the ledger would be down until a restart.
        LOG.error("the ledger's writer goes on after a failure", e);
      }
    }
    disconnect();
  }

  /** What waits now; none when for a while nothing does. */
  private List<Pending> next() throws InterruptedException {
    @Nullable Pending first = queue.poll(100, MILLISECONDS);
    if (first == null) {
      return List.of();
    }
    if (several) {
      LockSupport.parkNanos(GATHERING.toNanos());
    }
    List<Pending> group = new ArrayList<>();
    group.add(first);
    queue.drainTo(group, LARGEST_GROUP - 1);
    several = group.size() > 1;
    return group;
  }

  // Also when nobody asks for anything: a server that is not ready is not asked.
  private void reopen() {
    if (database.ended().isPresent() && System.nanoTime() - failedAt >= limits.pause().toNanos()) {
      disconnect();
      database.reopen();
      failedAt = System.nanoTime();
    }
  }

  private void write(List<Pending> group) {
    writingSince = System.nanoTime();
    try {
      commit(group);
      group.forEach(Pending::complete);
    } catch (LedgerException e) {
      split(group, e);
    } catch (SQLException | RuntimeException | Error e) {
      failed(group, e);
    } finally {
      writingSince = null;
    }
  }

  // One write that is refused must not fail its neighbours: each is tried by itself.
  private void split(List<Pending> group, LedgerException refused) {
    if (group.size() > 1) {
      group.forEach(pending -> write(List.of(pending)));
    } else {
      group.getFirst().written.completeExceptionally(refused);
    }
  }

  // Not tried again: what became of it is not known, and its own rows could stand in its way.
  private void failed(List<Pending> group, Throwable e) {
    SQLException failure = new SQLException(database.fail(e), e);
    if (connection != null) {
      failedAt = System.nanoTime();
    }
    disconnect();
    group.forEach(pending -> pending.written.completeExceptionally(failure));
  }

  private void commit(List<Pending> group) throws SQLException, LedgerException {
    LedgerConnection open = connection;
    if (open == null) {
      open = LedgerConnection.open(database);
      connection = open;
    }
    open.commit(group);
  }

  private void disconnect() {
    LedgerConnection open = connection;
    connection = null;
    if (open != null) {
      open.close();
    }
  }

  /** Writes what was submitted, then stops. */
  @Override
  public void close() {
    stop();
    try {
      writer.join(limits.patience());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    impatient.shutdown();
  }

  private synchronized void stop() {
    closed = true;
  }

  /** A write that somebody waits for. */
  static final class Pending {
    private final LedgerWrite write;
    private final CompletableFuture<Integer> written = new CompletableFuture<>();
    private int result;

    private Pending(LedgerWrite write) {
      this.write = write;
    }

    void apply(LedgerConnection ledger) throws SQLException, LedgerException {
      result = write.to(ledger);
    }

    private void complete() {
      written.complete(result);
    }
  }
}
