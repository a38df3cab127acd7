package io.signet.ca.store;

import io.signet.ca.rotation.Changes;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes by {@code LISTEN} and {@code NOTIFY}, on a connection of their own. When that was lost,
 * or is new, something may have been missed, and the listeners are told.
 */
final class PostgresChanges implements Changes, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresChanges.class);

  private static final int WAIT_MILLIS = 1000;
  private static final int QUIET_TURNS = 5;
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Duration FOR_THE_END = Duration.ofSeconds(2);

  private final PostgresDatabase database;
  private final Listeners listeners = new Listeners();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable Connection connection;

  private PostgresChanges(PostgresDatabase database) {
    this.database = database;
    this.thread = Thread.ofPlatform().name("store-changes").daemon().unstarted(this::run);
  }

  static PostgresChanges start(PostgresDatabase database) {
    PostgresChanges changes = new PostgresChanges(database);
    changes.thread.start();
    return changes;
  }

  @Override
  public void announce() {
    try (Connection announcing = database.connect();
        Statement statement = announcing.createStatement()) {
      boolean _ = statement.execute("select pg_notify('signet', '')");
    } catch (SQLException e) {
      LOG.debug("a change was not announced", e);
    }
  }

  @Override
  public Changes.Listening listen(Runnable onChange) {
    return listeners.listen(onChange);
  }

  private void run() {
    do {
      try (Connection fresh = database.dedicated()) {
        connection = fresh;
        hear(fresh);
      } catch (SQLException e) {
        LOG.debug("no changes are heard for now", e);
      } catch (RuntimeException e) {
        LOG.error("changes are heard again after a failure", e);
      }
    } while (!isClosedWithin(PAUSE));
  }

  private boolean isClosedWithin(Duration time) {
    try {
      return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private void hear(Connection fresh) throws SQLException {
    try (Statement statement = fresh.createStatement()) {
      boolean _ = statement.execute("listen signet");
      listeners.announce();
      PGConnection heard = fresh.unwrap(PGConnection.class);
      for (int quiet = 0; !isClosedWithin(Duration.ZERO); quiet++) {
        PGNotification @Nullable [] news = heard.getNotifications(WAIT_MILLIS);
        if (news != null && news.length > 0) {
          listeners.announce();
        } else if (quiet % QUIET_TURNS == 0) {
          boolean _ = statement.execute("select 1"); // a connection may end without a word
        }
      }
    }
  }

  @Override
  public void close() {
    closed.countDown();
    abort();
    try {
      boolean _ = thread.join(FOR_THE_END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void abort() {
    Connection open = connection;
    if (open != null) {
      try {
        open.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("the listening connection did not end in order", e);
      }
    }
  }
}
