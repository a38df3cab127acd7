package io.signet.ca.app;

import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.toSet;

import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.store.Cluster;
import io.signet.ca.store.SqlHolders;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets the replicas that are gone for good, where this one leads: when whatever they gave to
 * workloads has expired, and not within minutes, as a machine takes to restart; and the holders
 * that are gone.
 */
final class GoneReplicas extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(GoneReplicas.class);

  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final Duration LEAST = Duration.ofHours(1);

  private final Cluster cluster;
  private final SqlHolders holders;
  private final Duration longest;
  private final Clock clock;

  /**
   * @param longest how long the certificates of workloads live
   */
  GoneReplicas(Cluster cluster, SqlHolders holders, Duration longest, Clock clock) {
    super(PAUSE, clock);
    this.cluster = cluster;
    this.holders = holders;
    this.clock = clock;
    this.longest = longest;
  }

  @Override
  public void run() throws RenewalException {
    try {
      if (cluster.leadership().leads()) {
        cluster
            .replicas()
            .forget(longest.compareTo(LEAST) < 0 ? LEAST : longest)
            .forEach(gone -> LOG.warn("replica {} is gone and was forgotten", gone));
        int _ = holders.forget(gone(), clock.instant());
      }
      isDone();
    } catch (LedgerException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  // Whoever joins meanwhile is not among those who reported before. What one that is silent had
  // given out has ended, and rotations do not wait for it either.
  private List<String> gone() throws LedgerException {
    List<String> reported = holders.replicas();
    Set<String> alive =
        cluster.replicas().all().stream()
            .filter(replica -> replica.silent().compareTo(longest) < 0)
            .map(Replica::id)
            .collect(toSet());
    return reported.stream().filter(not(alive::contains)).toList();
  }
}
