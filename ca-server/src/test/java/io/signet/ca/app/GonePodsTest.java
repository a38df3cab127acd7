package io.signet.ca.app;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.signet.attestation.kubernetes.PodsThere;
import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.rotation.FakeHolders;
import io.signet.ca.rotation.FakeJournal;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nobody waits for a pod that is gone, and everybody for one that may be there. */
final class GonePodsTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final String HERE = "0f1e2d3c-4b5a-4697-8877-665544332211";
  private static final String DELETED = "1f1e2d3c-4b5a-4697-8877-665544332211";
  private static final String LATER = "2f1e2d3c-4b5a-4697-8877-665544332211";

  @RegisterExtension final CapturedLog log = new CapturedLog(GonePods.class);
  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final FakeLedger ledger = new FakeLedger();
  private final FakeHolders holders = new FakeHolders(ledger);
  private final FakeClusters clusters = new FakeClusters();
  private final FakeJournal journal = new FakeJournal(entry(1, steady()));
  private final List<String> failures = new ArrayList<>();
  private boolean leads = true;
  private int serial;

  /** Clusters that a test decides on. */
  private static final class FakeClusters implements GonePods.Clusters {
    private PodsThere there = new PodsThere.Known(Set.of(HERE));
    private Runnable meanwhile = () -> {};
    private int asked;

    @Override
    public Set<String> ids() {
      return Set.of("main");
    }

    @Override
    public PodsThere ask() {
      asked++;
      meanwhile.run();
      return there;
    }
  }

  @Test
  void run_podIsGone_notWaitedForAnyMore() throws Exception {
    rotating();
    holds(HERE);
    holds(DELETED);
    assertThat(waitedFor()).containsExactly(name(HERE), name(DELETED));

    start();

    assertThat(waitedFor()).containsExactly(name(HERE));
    assertThat(failures).isEmpty();
  }

  @Test
  void run_goneLater_askedOnceAMinute() throws Exception {
    rotating();
    holds(HERE);
    start();
    assertThat(clusters.asked).isOne();

    clusters.there = new PodsThere.Known(Set.of());
    timer.advance(MINUTE.minusMillis(1));
    assertThat(waitedFor()).containsExactly(name(HERE));
    timer.advance(Duration.ofMillis(1));
    assertThat(waitedFor()).isEmpty();
    assertThat(clusters.asked).isEqualTo(2);

    timer.advance(MINUTE); // there is nobody left to ask about
    assertThat(clusters.asked).isEqualTo(2);
  }

  // It may have been made after the list.
  @Test
  void run_certifiedWhileTheClustersAnswer_waitedFor() throws Exception {
    rotating();
    holds(HERE);
    clusters.meanwhile = () -> holds(LATER);
    start();

    assertThat(waitedFor()).containsExactly(name(HERE), name(LATER));
  }

  @Test
  void run_steady_nobodyIsAsked() {
    holds(DELETED);
    start();
    timer.advance(MINUTE);

    assertThat(clusters.asked).isZero();
  }

  @Test
  void run_anotherLeads_nobodyIsAskedHere() throws Exception {
    rotating();
    holds(DELETED);
    leads = false;
    start();
    assertThat(clusters.asked).isZero();

    leads = true;
    timer.advance(MINUTE);
    assertThat(waitedFor()).isEmpty();
  }

  @Test
  void run_nobodyIsAPod_nobodyIsAsked() throws Exception {
    rotating();
    holds("2f45a9");
    start();

    assertThat(clusters.asked).isZero();
  }

  @Test
  void run_cannotTell_allAreWaitedForAndSaidOnce() throws Exception {
    rotating();
    holds(DELETED);
    clusters.there = new PodsThere.Unknown("cluster main: HTTP 403: pods is forbidden");
    start();
    timer.advance(MINUTE);
    timer.advance(MINUTE);
    assertThat(clusters.asked).isEqualTo(3);
    assertThat(waitedFor()).containsExactly(name(DELETED));
    assertThat(log.messages(Level.WARN))
        .containsExactly(
            "pods that are gone are waited for: cluster main: HTTP 403: pods is forbidden");

    clusters.there = new PodsThere.Known(Set.of());
    timer.advance(MINUTE);
    assertThat(waitedFor()).isEmpty();
  }

  // Its pods are in no list of ours, and have certificates.
  @Test
  void run_anotherReplicaHadMoreClusters_allAreWaitedForUntilThoseCertificatesEnd()
      throws Exception {
    rotating();
    holders.of("two").attested(Set.of("main", "west"), NOW.plus(MINUTE.multipliedBy(2)));
    holds(DELETED);
    start();
    timer.advance(MINUTE);
    assertThat(waitedFor()).containsExactly(name(DELETED));
    assertThat(clusters.asked).isZero();
    assertThat(log.messages(Level.WARN)).singleElement().asString().endsWith("[west]");

    timer.advance(MINUTE);
    assertThat(waitedFor()).isEmpty();
  }

  @Test // for whoever leads
  void run_notLeading_tellsWhichClustersItHasAndForHowLong() {
    leads = false;
    start();

    assertThat(holders.clusters(NOW.plus(DAY))).containsExactly("main");
    timer.advance(DAY.multipliedBy(2));
    assertThat(holders.clusters(clock.instant().plus(DAY))).containsExactly("main");
    assertThat(holders.clusters(clock.instant().plus(DAY.multipliedBy(2)))).isEmpty();
  }

  @Test
  void run_storeAway_toldAndTriedAgainSoon() throws Exception {
    rotating();
    holds(DELETED);
    journal.setAway(true);
    start();
    assertThat(failures).hasSize(1);
    assertThat(clusters.asked).isZero();

    journal.setAway(false);
    timer.advance(Duration.ofSeconds(1));
    assertThat(waitedFor()).isEmpty();
  }

  private void start() {
    GonePods work = new GonePods(journal, () -> leads, holders, clusters, DAY, clock);
    new Renewal(work, timer, clock, e -> failures.add(e.getMessage())).start();
    timer.runDue();
  }

  private void rotating() throws LedgerException {
    Generation next = new Generation(2, new KeyLabel("root-2"));
    assertThat(journal.append(entry(2, new Published(first(), next, 2, terms())))).isTrue();
  }

  private static JournalEntry entry(long number, RotationState state) {
    return new JournalEntry(number, NOW, "ann", "yearly", state);
  }

  private static RotationState steady() {
    return new Steady(first(), 1, terms(), Optional.empty());
  }

  private static Generation first() {
    return new Generation(1, new KeyLabel("root-1"));
  }

  private static Terms terms() {
    return new Terms(NOW, false, false, false);
  }

  // With a certificate that outlives the test, and the bundle from before.
  private void holds(String instance) {
    Receiver receiver =
        new Receiver(Optional.of(new HolderKey(CART, instance)), Optional.empty(), 1, 1);
    SerialNumber number = new SerialNumber(BigInteger.valueOf(++serial));
    try {
      ledger.intend(
          new Intent(
              number,
              CART,
              "leaf",
              "for a test",
              new byte[20],
              new byte[] {0x30, 0},
              NOW.plus(DAY),
              NOW,
              receiver));
      ledger.issued(number, new byte[] {1});
    } catch (LedgerException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> waitedFor() {
    return holders.lacking(2, clock.instant(), 9).laggards().stream().map(Laggard::name).toList();
  }

  private static String name(String instance) {
    return CART + " " + instance;
  }
}
