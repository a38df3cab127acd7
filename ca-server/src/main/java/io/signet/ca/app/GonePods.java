package io.signet.ca.app;

import io.signet.attestation.kubernetes.PodsThere;
import io.signet.attestation.kubernetes.PodsThere.Known;
import io.signet.attestation.kubernetes.PodsThere.Unknown;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.PodHolder;
import io.signet.ca.rotation.PodHolders;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationState.Steady;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a rotation wait no longer for pods that were deleted: while one goes on, the replica that
 * leads asks the clusters once a minute which pods there are. Who cannot be asked about is waited
 * for.
 */
final class GonePods extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(GonePods.class);

  private static final Duration PAUSE = Duration.ofMinutes(1);
  private static final Duration TOLD_EVERY = Duration.ofHours(1);

  private final RotationJournal journal;
  private final Leadership leadership;
  private final PodHolders holders;
  private final Clusters clusters;
  private final Duration longest;
  private final Clock clock;
  private Instant tellAt = Instant.MIN;
  private Optional<String> trouble = Optional.empty();

  /** The clusters whose pods get certificates here. */
  interface Clusters {
    /** Their ids. */
    Set<String> ids();

    /** Asks them all; may block. */
    PodsThere ask();
  }

  /**
   * @param longest how long the certificates of workloads live
   */
  GonePods(
      RotationJournal journal,
      Leadership leadership,
      PodHolders holders,
      Clusters clusters,
      Duration longest,
      Clock clock) {
    super(PAUSE, clock);
    this.journal = journal;
    this.leadership = leadership;
    this.holders = holders;
    this.clusters = clusters;
    this.longest = longest;
    this.clock = clock;
  }

  @Override
  public void run() throws RenewalException {
    try {
      tellClusters();
      if (leadership.leads() && isRotating()) {
        told(look());
      }
      isDone();
    } catch (LedgerException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  // For those who lead: they may have other clusters than we, as while a configuration changes.
  private void tellClusters() throws LedgerException {
    Instant now = clock.instant();
    if (!now.isBefore(tellAt)) {
      // The next time may be late by as much.
      holders.attested(clusters.ids(), now.plus(TOLD_EVERY.multipliedBy(2)).plus(longest));
      tellAt = now.plus(TOLD_EVERY);
    }
  }

  private boolean isRotating() throws LedgerException {
    Optional<JournalEntry> last = journal.last();
    return last.isPresent() && !(last.get().state() instanceof Steady);
  }

  /** Why it cannot be told who is gone, if so. */
  private Optional<String> look() throws LedgerException {
    List<PodHolder> before = holders.present(clock.instant());
    if (before.isEmpty()) {
      return Optional.empty();
    }
    Set<String> others = new TreeSet<>(holders.clusters(clock.instant()));
    others.removeAll(clusters.ids());
    if (!others.isEmpty()) {
      return Optional.of("clusters that are not configured here had certificates: " + others);
    }
    return switch (clusters.ask()) {
      case Unknown unknown -> Optional.of(unknown.why());
      case Known known -> {
        leave(before.stream().filter(pod -> !known.uids().contains(pod.uid())).toList());
        yield Optional.empty();
      }
    };
  }

  private void leave(List<PodHolder> gone) throws LedgerException {
    if (!gone.isEmpty()) {
      holders.gone(gone);
      LOG.info(
          "the rotation does not wait for {} whose pods are gone, such as {}",
          gone.size(),
          gone.getFirst().key().name());
    }
  }

  // Once, however often it is the same.
  private void told(Optional<String> now) {
    if (!now.equals(trouble)) {
      now.ifPresent(why -> LOG.warn("pods that are gone are waited for: {}", why));
    }
    trouble = now;
  }
}
