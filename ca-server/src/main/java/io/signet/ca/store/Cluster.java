package io.signet.ca.store;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;
import java.security.SecureRandom;
import java.time.Clock;

/**
 * This server's place among those that share a store; of an embedded one it is the only one. Safe
 * for use by many threads.
 */
public interface Cluster extends AutoCloseable {

  /**
   * Takes the place that this server had before, or a new one.
   *
   * @throws LedgerException when another process has it, or the store cannot be written
   */
  static Cluster join(Database database, Clock clock, SecureRandom random) throws LedgerException {
    return switch (database) {
      case EmbeddedDatabase embedded -> SoleCluster.of(embedded, clock, random);
      case PostgresDatabase postgres -> PostgresCluster.join(postgres, clock, random);
    };
  }

  /** What this server is called among the replicas. */
  String self();

  /** The first byte of this server's serial numbers, and of no other's (SER-1, SER-2). */
  int serialPrefix();

  /** All that share the store. */
  Replicas replicas();

  /** Tells that something in it has changed. */
  Changes changes();

  /** Says which server acts for all. */
  Leadership leadership();

  /** Leaves, and lets another one lead. */
  @Override
  void close();
}
