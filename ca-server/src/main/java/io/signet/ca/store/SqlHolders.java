package io.signet.ca.store;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.HolderReport;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.Laggard.Kind;
import io.signet.ca.rotation.Progress;
import io.signet.ca.store.LiveLeaves.OfHolder;
import io.signet.ca.store.LiveLeaves.Single;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Holders by the ledger and by what the replicas report, in SQL. Who gets certificates in two ways
 * counts in both: it has what it was answered with where it asks for them, and what it has
 * acknowledged where it gets them on streams. Safe for use by many threads.
 *
 * <p>Leaves and streams are put together here and not by the database: H2 joins large sets row by
 * row, and PostgreSQL takes no less time to group them by holder than to hand them out.
 */
public final class SqlHolders implements Holders {

  // Not in question.
  private static final long NO_BUNDLE = 0;
  private static final int NO_GENERATION = 0;

  // Who has just left may be back in a moment, and its row is wanted again.
  private static final Duration LINGER = Duration.ofMinutes(5);

  // To find them reads all certificates that are valid.
  private static final Duration BETWEEN_PRUNINGS = Duration.ofHours(1);

  private final Transactions transactions;
  private final String replica;
  private volatile Instant nextPruning = Instant.MIN;

  private SqlHolders(Database database, String replica) {
    this.transactions = new Transactions(database, "holders");
    this.replica = replica;
  }

  /**
   * For one replica, whose streams have all ended with the process before this one.
   *
   * @param replica its id, the same after each restart
   */
  public static SqlHolders open(Database database, String replica) throws LedgerException {
    SqlHolders holders = new SqlHolders(database, replica);
    int _ = holders.transactions.write(connection -> HolderTable.leave(connection, replica));
    return holders;
  }

  @Override
  public Progress lacking(long bundle, Instant now, int most) throws LedgerException {
    return transactions.readMuch(connection -> {
      Map<String, SeenHolder> streams = HolderTable.all(connection, now);
      LiveLeaves live = LiveLeaves.of(connection, bundle, NO_GENERATION, now);
      GoneHolders.leaveOut(connection, live, streams);
      Lacking count = new Lacking(new Tally(most), streams, bundle);
      live.holders().forEach(count::leaves);
      count.otherStreams();
      live.singles().forEach(count::single);
      return count.tally().progress();
    });
  }

  /**
   * Counts who has not got a bundle.
   *
   * @param streams of those that were not counted yet
   */
  private record Lacking(Tally tally, Map<String, SeenHolder> streams, long bundle) {

    void leaves(OfHolder leaves) {
      if (leaves.isClient()) {
        tally.count(
            leaves.isAnsweredWith(),
            () -> client(leaves.holder(), has(leaves.lesser()), leaves.latest()));
      }
      SeenHolder seen = streams.remove(leaves.holder());
      if (leaves.isSubscriber()) {
        stream(leaves.holder(), seen == null ? SeenHolder.unknown(leaves.latest()) : seen);
      } else if (seen != null && seen.isOpen()) {
        stream(leaves.holder(), seen);
      }
    }

    // Whoever wants only a bundle has no certificate; and what it had counts while it is here.
    void otherStreams() {
      streams.forEach((holder, seen) -> {
        if (seen.isOpen()) {
          stream(holder, seen);
        }
      });
    }

    private void stream(String holder, SeenHolder seen) {
      seen.bundle()
          .ifPresent(sequence ->
              tally.count(sequence >= bundle, () -> subscriber(holder, has(sequence), seen)));
    }

    void single(Single single) {
      tally.count(single.answered() >= bundle, () -> single.lagging(has(single.answered())));
    }

    private static String has(long sequence) {
      return sequence == 0 ? "no bundle" : "bundle " + sequence;
    }
  }

  @Override
  public Progress under(int generation, Instant now, int most) throws LedgerException {
    return transactions.readMuch(connection -> {
      Map<String, SeenHolder> streams = HolderTable.all(connection, now);
      LiveLeaves live = LiveLeaves.of(connection, NO_BUNDLE, generation, now);
      GoneHolders.leaveOut(connection, live, streams);
      Under count = new Under(new Tally(most), streams, generation);
      live.holders().forEach(count::leaves);
      live.singles().forEach(count::single);
      return count.tally().progress();
    });
  }

  /** Counts who may still show something of a generation. */
  private record Under(Tally tally, Map<String, SeenHolder> streams, int generation) {

    void leaves(OfHolder leaves) {
      if (leaves.isClient()) {
        tally.count(
            !leaves.isAnsweredUnder(), () -> client(leaves.holder(), has(), leaves.latest()));
      }
      if (leaves.isSubscriber()) {
        SeenHolder seen =
            streams.getOrDefault(leaves.holder(), SeenHolder.unknown(leaves.latest()));
        tally.count(
            !(leaves.isFedUnder() && mayHave(seen, leaves)),
            () -> subscriber(leaves.holder(), has(), seen));
      }
    }

    private boolean mayHave(SeenHolder seen, OfHolder leaves) {
      return seen.mayHave(generation) || (seen.wantsSvid() && leaves.isFedUnderLast());
    }

    void single(Single single) {
      tally.count(single.generation() != generation, () -> single.lagging(has()));
    }

    private String has() {
      return "SVID under generation " + generation;
    }
  }

  private static Laggard client(String holder, String has, Instant since) {
    return new Laggard(Kind.CLIENT, HolderKey.name(holder), has, since, Optional.empty());
  }

  private static Laggard subscriber(String holder, String has, SeenHolder seen) {
    return new Laggard(Kind.SUBSCRIBER, HolderKey.name(holder), has, seen.since(), seen.refusal());
  }

  @Override
  public void report(List<HolderReport> seen) throws LedgerException {
    int _ =
        transactions.write(connection -> {
          HolderTable.keep(connection, replica, seen);
          return seen.size();
        });
  }

  @Override
  public List<HolderReport> reported(Collection<String> holders) throws LedgerException {
    return holders.isEmpty()
        ? List.of()
        : transactions.read(connection -> HolderTable.of(connection, holders));
  }

  /** The replicas that have reported streams which have not ended. */
  public List<String> replicas() throws LedgerException {
    return transactions.read(HolderTable::replicas);
  }

  /**
   * Forgets the holders that have left and have no valid certificate any more; once an hour,
   * however often it is called.
   *
   * @param gone the replicas whose streams have all ended
   * @return how many
   */
  public int forget(Collection<String> gone, Instant now) throws LedgerException {
    boolean due = !now.isBefore(nextPruning);
    int forgotten =
        transactions.write(connection -> {
          for (String replica : gone) {
            int _ = HolderTable.leave(connection, replica);
          }
          return due ? prune(connection, now) : 0;
        });
    if (due) {
      nextPruning = now.plus(BETWEEN_PRUNINGS);
    }
    return forgotten;
  }

  private static int prune(Connection connection, Instant now) throws SQLException {
    GoneHolders.prune(connection, now);
    return HolderTable.prune(connection, now.minus(LINGER), now);
  }
}
