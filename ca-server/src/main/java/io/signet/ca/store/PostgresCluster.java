package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server among those at one PostgreSQL. */
final class PostgresCluster implements Cluster {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresCluster.class);

  // A process that has vanished with its machine is taken for alive until the server's TCP gives it
  // up, which it is asked to do after 11 s.
  private static final Duration FOR_THE_DEAD = Duration.ofSeconds(15);

  private final PostgresSession session;
  private final PostgresReplicas replicas;
  private final PostgresChanges changes;
  private final String self;
  private final int serialPrefix;

  private PostgresCluster(
      PostgresSession session,
      PostgresReplicas replicas,
      PostgresChanges changes,
      String self,
      int prefix) {
    this.self = self;
    this.session = session;
    this.replicas = replicas;
    this.changes = changes;
    this.serialPrefix = prefix;
  }

  static PostgresCluster join(PostgresDatabase database, Clock clock, SecureRandom random)
      throws LedgerException {
    return join(database, clock, random, FOR_THE_DEAD);
  }

  /**
   * Waits so long for another process of the same id to end.
   *
   * @throws LedgerException when it does not
   */
  static PostgresCluster join(
      PostgresDatabase database, Clock clock, SecureRandom random, Duration patience)
      throws LedgerException {
    PostgresSession session = PostgresSession.open(database, patience);
    try {
      PostgresReplicas replicas = new PostgresReplicas(database, session, clock);
      int prefix = replicas.join(random);
      database.entered(prefix);
      replicas.start();
      return new PostgresCluster(
          session, replicas, PostgresChanges.start(database), database.replica(), prefix);
    } catch (LedgerException | RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  @Override
  public String self() {
    return self;
  }

  @Override
  public int serialPrefix() {
    return serialPrefix;
  }

  @Override
  public Replicas replicas() {
    return replicas;
  }

  @Override
  public Changes changes() {
    return changes;
  }

  @Override
  public Leadership leadership() {
    return session;
  }

  @Override
  public void close() {
    changes.close();
    replicas.close();
    try {
      replicas.leave();
    } catch (LedgerException e) {
      LOG.warn("the other replicas were not told that this one stops: {}", e.getMessage());
    }
    session.close();
  }
}
