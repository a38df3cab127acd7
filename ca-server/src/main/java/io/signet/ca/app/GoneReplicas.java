package io.signet.ca.app;

import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.Cluster;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets the replicas that are gone for good, where this one leads: when whatever they gave to
 * workloads has expired, and not within minutes, as a machine takes to restart.
 */
final class GoneReplicas extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(GoneReplicas.class);

  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final Duration LEAST = Duration.ofHours(1);

  private final Cluster cluster;
  private final Duration silence;

  /**
   * @param longest how long the certificates of workloads live
   */
  GoneReplicas(Cluster cluster, Duration longest, Clock clock) {
    super(PAUSE, clock);
    this.cluster = cluster;
    this.silence = longest.compareTo(LEAST) < 0 ? LEAST : longest;
  }

  @Override
  public void run() throws RenewalException {
    try {
      if (cluster.leadership().leads()) {
        cluster
            .replicas()
            .forget(silence)
            .forEach(gone -> LOG.warn("replica {} is gone and was forgotten", gone));
      }
      isDone();
    } catch (LedgerException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }
}
