package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.SerialTakenException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Writes what many callers submit in one transaction, flushed to the disk once. While one group is
 * being written the next one gathers, so a slow disk makes larger groups and not a longer queue.
 */
final class GroupCommit implements AutoCloseable {

  private static final int QUEUE = 4096;
  private static final int LARGEST_GROUP = 512;
  private static final long PATIENCE_SECONDS = 5;
  private static final String DUPLICATE_KEY = "23505";

  private record Pending(LedgerWrite write, CompletableFuture<@Nullable Void> written) {}

  private final Database database;
  private final BlockingQueue<Pending> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Thread writer;
  private volatile boolean closed;
  private @Nullable LedgerConnection connection;

  GroupCommit(Database database) {
    this.database = database;
    this.writer = Thread.ofPlatform().name("ledger").daemon().start(this::run);
  }

  /** Returns when the write is durable. */
  void submit(LedgerWrite write) throws LedgerException {
    Pending pending = new Pending(write, new CompletableFuture<>());
    enqueue(pending);
    try {
      pending.written().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw refused(e.getCause());
    } catch (TimeoutException e) {
      throw new LedgerException("the ledger did not write within " + PATIENCE_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LedgerException("interrupted while the ledger was writing", e);
    }
  }

  // Under the lock of close(): what is in the queue before it is written, and nothing comes after.
  private synchronized void enqueue(Pending pending) throws LedgerException {
    if (closed) {
      throw new LedgerException("the ledger is closed");
    }
    if (!queue.offer(pending)) {
      throw new LedgerException("the ledger's queue is full");
    }
  }

  private static LedgerException refused(@Nullable Throwable cause) {
    return cause instanceof SerialTakenException taken
        ? taken
        : new LedgerException("the ledger cannot be written: " + message(cause), cause);
  }

  private static String message(@Nullable Throwable cause) {
    return cause == null ? "unknown" : String.valueOf(cause.getMessage());
  }

  private void run() {
    List<Pending> group = new ArrayList<>(LARGEST_GROUP);
    while (!closed || !queue.isEmpty()) {
      try {
        @Nullable Pending first = queue.poll(100, TimeUnit.MILLISECONDS);
        if (first != null) {
          group.add(first);
          queue.drainTo(group, LARGEST_GROUP - 1);
          write(group);
        }
      } catch (InterruptedException e) {
        stop();
      } finally {
        group.clear();
      }
    }
    disconnect();
  }

  private void write(List<Pending> group) {
    try {
      commit(group.stream().map(Pending::write).toList());
      group.forEach(pending -> pending.written().complete(null));
    } catch (SQLException | RuntimeException | Error e) {
      // An Error too: without its writer the ledger would be down until a restart.
      failed(group, e);
    }
  }

  // One bad write must not fail its neighbours: each is tried by itself.
  private void failed(List<Pending> group, Throwable e) {
    if (group.size() > 1) {
      group.forEach(pending -> write(List.of(pending)));
      return;
    }
    Pending only = group.getFirst();
    boolean taken = e instanceof SQLException sql && DUPLICATE_KEY.equals(sql.getSQLState());
    if (!taken) {
      disconnect();
    }
    only.written()
        .completeExceptionally(taken ? new SerialTakenException(only.write().serial()) : e);
  }

  private void commit(List<LedgerWrite> writes) throws SQLException {
    LedgerConnection open = connection;
    if (open == null) {
      open = new LedgerConnection(database.connect());
      connection = open;
    }
    open.commit(writes);
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
      writer.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void stop() {
    closed = true;
  }
}
