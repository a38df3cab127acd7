package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Laggard.Kind;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.rotation.Replicas.Report;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What is so at one moment, by what the replicas have reported and the ledger knows. Of a replica
 * that has not followed the last step nothing counts: what it is about to do follows from another.
 *
 * @param step the last one of the journal
 * @param patience for how long a replica that says nothing is waited for: what it has handed out
 *     lives no longer
 */
record Observed(
    long step, RotatedKeys keys, Replicas replicas, Holders holders, Duration patience, Instant now)
    implements Facts {

  private static final int NAMED = 100;

  // Its heartbeats are a few seconds apart.
  private static final Duration SILENCE = Duration.ofSeconds(15);

  @Override
  public boolean isMade(Generation generation) throws LedgerException {
    return keys.certificate(generation).isPresent();
  }

  @Override
  public Instant endOf(Generation generation) throws LedgerException {
    return keys.certificate(generation)
        .map(certificate -> certificate.getNotAfter().toInstant())
        .orElse(Instant.MAX);
  }

  @Override
  public boolean isRevoked(Generation generation) throws LedgerException {
    return keys.isRevoked(generation);
  }

  @Override
  public boolean hasCrl(Generation generation) throws LedgerException {
    return keys.hasCrl(generation);
  }

  @Override
  public Progress unready(int generation) throws LedgerException {
    return replicas(
        report -> report.ready() >= generation, report -> "key of generation " + report.ready());
  }

  @Override
  public Progress lacking(long bundle) throws LedgerException {
    return replicas(report -> report.bundle() >= bundle, report -> "bundle " + report.bundle())
        .and(holders.lacking(bundle, now, NAMED));
  }

  @Override
  public Progress under(int generation) throws LedgerException {
    return replicas(
            report -> report.issuing() != generation,
            report -> "authority or certificate of generation " + report.issuing())
        .and(holders.under(generation, now, NAMED));
  }

  private Progress replicas(Predicate<Report> there, Function<Report, String> has)
      throws LedgerException {
    List<Replica> counting =
        replicas.all().stream()
            .filter(replica -> replica.silent().compareTo(patience) < 0)
            .toList();
    List<Laggard> laggards =
        counting.stream()
            .filter(replica -> !(hasFollowed(replica) && there.test(replica.report())))
            .map(replica -> laggard(replica, has.apply(replica.report())))
            .toList();
    return new Progress(counting.size(), laggards.size(), laggards);
  }

  private boolean hasFollowed(Replica replica) {
    return replica.report().followed() >= step;
  }

  private static Laggard laggard(Replica replica, String has) {
    Optional<String> silent =
        replica.silent().compareTo(SILENCE) < 0
            ? Optional.empty()
            : Optional.of("silent for " + replica.silent().truncatedTo(ChronoUnit.SECONDS));
    return new Laggard(
        Kind.REPLICA,
        replica.id(),
        silent.map(words -> has + ", " + words).orElse(has),
        replica.seen(),
        Optional.empty());
  }
}
