package io.signet.ca.delivery;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.FakeHolders;
import io.signet.ca.rotation.HolderReport;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.Progress;
import io.signet.ca.testing.TestClock;
import io.signet.sds.AckLedger;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Holder;
import io.signet.sds.Subscriber;
import io.signet.sds.Wants;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What rotations learn of the streams of this process, and in how many writes. */
final class HolderWatchTest {

  private static final Holder POD = new Holder(CART, "uid");
  private static final Subscriber BUNDLE = new Subscriber("1", "node", POD, "tls");
  private static final Subscriber SVID = new Subscriber("2", "node", POD, "tls");
  private static final String KEY = CART + "|uid";

  private final TestClock clock = new TestClock();
  private final AckLedger acks = new AckLedger(clock);
  private final FakeHolders holders = new FakeHolders(new FakeLedger());
  private boolean isAway;
  private Instant heard = clock.instant();
  private final List<Integer> writes = new ArrayList<>();
  private final HolderWatch watch = new HolderWatch(acks, new Counted(), () -> heard, clock);

  private final class Counted implements Holders {
    @Override
    public Progress lacking(long bundle, Instant now, int most) {
      return holders.lacking(bundle, now, most);
    }

    @Override
    public Progress under(int generation, Instant now, int most) {
      return holders.under(generation, now, most);
    }

    @Override
    public void report(List<HolderReport> seen) throws LedgerException {
      holders.report(seen);
      writes.add(seen.size());
    }

    @Override
    public List<HolderReport> reported(Collection<String> keys) throws LedgerException {
      if (isAway) {
        throw new LedgerException("no store");
      }
      return holders.reported(keys);
    }
  }

  @Test
  void run_streamsOfOneHolder_oneReportWithTheLeastOfAll() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    opens(new Subscriber("3", "node", POD, "tls"), bundle(3));
    opens(SVID, svid("s1", 1));
    acks(SVID, "s1");

    watch.run();

    assertThat(reported()).isEqualTo(report(3, 0L, 1));
    assertThat(writes).containsExactly(1);
  }

  @Test // those who lead may have taken its streams for ended
  void run_nothingWasHeardOfThisServerForLong_allAgain() throws Exception {
    opens(BUNDLE, bundle(3));
    opens(new Subscriber("9", "node", new Holder(CART, "other"), "tls"), bundle(3));
    watch.run();
    for (int seconds = 1; seconds <= 11; seconds++) {
      clock.advance(Duration.ofSeconds(1));
      watch.run();
    }
    assertThat(writes).containsExactly(2);

    heard = clock.instant();
    watch.run();

    assertThat(writes).containsExactly(2, 2);
  }

  @Test // no write per acknowledgement, and none while nothing changes
  void run_again_onlyWhatChanged() throws Exception {
    opens(BUNDLE, bundle(3));
    opens(new Subscriber("9", "node", new Holder(CART, "other"), "tls"), bundle(3));
    watch.run();
    watch.run();
    clock.advance(Duration.ofSeconds(1));
    acks(BUNDLE, "b3");
    watch.run();
    watch.run();

    assertThat(writes).containsExactly(2, 1);
    assertThat(reported().bundle()).contains(3L);
    assertThat(reported().at()).isEqualTo(NOW.plusSeconds(1));
  }

  @Test
  void run_many_inBatches() throws Exception {
    for (int i = 0; i < 1_201; i++) {
      opens(new Subscriber("" + i, "node", new Holder(CART, "uid-" + i), "tls"), bundle(3));
    }
    watch.run();

    assertThat(writes).containsExactly(500, 500, 201);
  }

  @Test
  void run_storeIsAway_keptAndReportedLater() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    holders.failNextReport(new LedgerException("no store"));
    assertThatThrownBy(watch::run).isInstanceOf(RenewalException.class).hasMessage("no store");

    acks.closed(BUNDLE);
    holders.failNextReport(new LedgerException("no store"));
    assertThatThrownBy(watch::run).isInstanceOf(RenewalException.class);
    clock.advance(Duration.ofMinutes(5));
    watch.run();

    assertThat(reported()).isEqualTo(report(0, 3L, null));
  }

  @Test
  void run_lastStreamClosed_leftWithWhatItHad() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    opens(SVID, svid("s1", 2));
    acks(SVID, "s1");
    watch.run();
    acks.closed(BUNDLE);
    acks.closed(SVID);
    watch.run();

    assertThat(reported()).isEqualTo(report(0, 3L, 2));
  }

  @Test // nobody saw it, and still it has it
  void run_openedAndClosedBetweenTwoLooks_reported() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    acks.closed(BUNDLE);
    watch.run();

    assertThat(reported()).isEqualTo(report(0, 3L, null));
  }

  @Test // without a stream nothing is acknowledged, and the answer counts
  void run_fetched_reported() throws Exception {
    acks.fetched(POD, bundle(4));
    acks.fetched(POD, svid("s1", 2));
    watch.run();

    assertThat(reported()).isEqualTo(report(0, 4L, 2));
  }

  @Test // the streams come back one after the other
  void run_reconnectsWithItsSvidFirst_itsBundleStillCountsForAWhile() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    acks.closed(BUNDLE);
    watch.run();
    opens(SVID, svid("s1", 1));
    watch.run();
    assertThat(reported().bundle()).contains(3L);

    clock.advance(Duration.ofMinutes(1));
    watch.run();
    assertThat(reported().bundle()).isEmpty(); // it wants none any more
  }

  @Test // also when that was longer ago than a while: its bundle is as old as before
  void run_backAfterLongWithItsSvidFirst_itsBundleCountsForAWhileFromThen() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    acks.closed(BUNDLE);
    watch.run();
    clock.advance(Duration.ofSeconds(59));
    watch.run();
    opens(SVID, svid("s1", 1));
    watch.run();
    assertItsBundleCountsForAMinute();
  }

  private void assertItsBundleCountsForAMinute() throws Exception {
    clock.advance(Duration.ofSeconds(59));
    watch.run();
    assertThat(reported().bundle()).contains(3L);

    clock.advance(Duration.ofSeconds(1));
    watch.run();
    assertThat(reported().bundle()).isEmpty();
  }

  @Test
  void run_forgottenAndBackWithItsSvidFirst_itsBundleCountsForAWhile() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    acks.closed(BUNDLE);
    watch.run();
    clock.advance(Duration.ofHours(1));
    watch.run();
    opens(SVID, svid("s1", 1));
    watch.run();

    assertThat(reported().bundle()).contains(3L);
  }

  @Test // killed, or the proxy comes from another one
  void run_comesWithItsSvidFirstToAProcessThatNeverSawIt_itsBundleCountsForAWhile()
      throws Exception {
    holders.report(
        List.of(new HolderReport(KEY, 0, Optional.of(3L), Optional.of(1), Optional.empty(), NOW)));
    clock.advance(Duration.ofHours(1));
    opens(SVID, svid("s1", 1));
    watch.run();
    assertThat(reported().bundle()).contains(3L);

    clock.advance(Duration.ofMinutes(1));
    watch.run();
    assertThat(reported().bundle()).isEmpty();
  }

  @Test // what nobody could look up is not written over
  void run_storeIsAwayWhenItComes_itsBundleStillCounts() throws Exception {
    holders.report(
        List.of(new HolderReport(KEY, 0, Optional.of(3L), Optional.of(1), Optional.empty(), NOW)));
    opens(SVID, svid("s1", 1));
    isAway = true;
    assertThatThrownBy(watch::run).isInstanceOf(RenewalException.class).hasMessage("no store");
    isAway = false;
    watch.run();

    assertThat(reported().bundle()).contains(3L);
    assertThat(reported().streams()).isOne();
  }

  @Test // its streams were quiet, and it had it all the time
  void run_quietForAnHourThenWantsItsSvidAlone_itsBundleCountsForAWhileFromThen() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    clock.advance(Duration.ofHours(1));
    watch.run();
    acks.wants(BUNDLE, svid("s1", 1));
    watch.run();
    assertItsBundleCountsForAMinute();
  }

  @Test
  void run_quietForAnHourThenOneOfTwoEnds_itsBundleCountsForAWhileFromThen() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    opens(SVID, svid("s1", 1));
    watch.run();
    clock.advance(Duration.ofHours(1));
    watch.run();
    acks.closed(BUNDLE);
    watch.run();
    assertItsBundleCountsForAMinute();
  }

  @Test // else all proxies of a network that was away for a moment would have to be looked up
  void run_quietForAnHourThenLeft_knownForAWhileFromThen() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    clock.advance(Duration.ofHours(1));
    watch.run();
    acks.closed(BUNDLE);
    watch.run();
    clock.advance(Duration.ofSeconds(59));
    watch.run();
    isAway = true;
    opens(SVID, svid("s1", 1));
    watch.run();

    assertThat(reported().bundle()).contains(3L);
  }

  @Test // else whoever tries again and again under another name would fill the memory
  void run_leftWithNothing_forgottenAfterAWhile() throws Exception {
    acks.opened(SVID);
    acks.closed(SVID);
    watch.run();
    clock.advance(Duration.ofMinutes(1));
    watch.run();
    acks.opened(SVID);
    isAway = true;

    assertThatThrownBy(watch::run).hasMessage("no store"); // it has to be looked up again
  }

  @Test
  void run_refused_itsWordsUntilItTakesOver() throws Exception {
    opens(BUNDLE, bundle(3));
    acks.answered(BUNDLE, new Nack(Map.of("name", "b3"), "bad certificate"));
    watch.run();
    assertThat(reported().refusal()).contains("bad certificate");

    acks(BUNDLE, "b3");
    watch.run();
    assertThat(reported().refusal()).isEmpty();
  }

  @Test
  void due_afterARun_aSecondLater() throws Exception {
    assertThat(watch.due()).isBefore(NOW);
    watch.run();
    assertThat(watch.due()).isEqualTo(NOW.plusSeconds(1));
  }

  @Test // the server stops
  void close_openStreams_allHaveLeft() throws Exception {
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.close();

    assertThat(reported()).isEqualTo(report(0, 3L, null));
  }

  @Test // what is kept of those that it did not know is not written over
  void close_storeCannotBeRead_thoseItKnewHaveLeft() throws Exception {
    Holder other = new Holder(CART, "other");
    HolderReport kept =
        new HolderReport(
            CART + "|other", 0, Optional.of(2L), Optional.empty(), Optional.empty(), NOW);
    holders.report(List.of(kept));
    opens(BUNDLE, bundle(3));
    acks(BUNDLE, "b3");
    watch.run();
    isAway = true;
    opens(new Subscriber("9", "node", other, "tls"), svid("s1", 1));
    watch.close();

    assertThat(reported()).isEqualTo(report(0, 3L, null));
    assertThat(holders.reported()).containsEntry(CART + "|other", kept);
  }

  private void opens(Subscriber who, Wants wants) {
    acks.opened(who);
    acks.wants(who, wants);
    wants
        .names()
        .forEach((name, wanted) -> acks.sent(who, Map.of(name, wanted.orElseThrow().version())));
  }

  private void acks(Subscriber who, String version) {
    acks.answered(who, new Ack(Map.of("name", version)));
  }

  private static Wants bundle(long sequence) {
    return wants("b" + sequence, Mark.bundle(sequence));
  }

  private static Wants svid(String version, int generation) {
    return wants(version, Mark.svid(generation));
  }

  private static Wants wants(String version, Mark mark) {
    return new Wants(1, Map.of("name", Optional.of(new Wanted(version, mark))));
  }

  private HolderReport reported() {
    return Objects.requireNonNull(holders.reported().get(KEY));
  }

  private HolderReport report(int streams, @Nullable Long bundle, @Nullable Integer generation) {
    return new HolderReport(
        KEY,
        streams,
        Optional.ofNullable(bundle),
        Optional.ofNullable(generation),
        Optional.empty(),
        reported().at());
  }
}
