package io.signet.ca.rotation;

import static io.signet.ca.rotation.FakeFacts.CART;
import static io.signet.ca.rotation.FakeFacts.behind;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.AuthorityStatus.Role;
import io.signet.ca.rotation.Replicas.Replica;
import io.signet.ca.rotation.Replicas.Report;
import io.signet.ca.rotation.RotationRunner.Outlook;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.KeyIds;
import io.signet.hsm.KeyLabel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Steps are in the journal before what follows from them (SROT-3), and can be taken twice. */
final class RotationRunnerTest {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Generation OLD = new Generation(1, new KeyLabel("root-1"));
  private static final Generation NEW = new Generation(2, new KeyLabel("root-2"));

  private final TestClock clock = new TestClock();
  private final FakeJournal journal = new FakeJournal(Rotations.first(OLD, NOW));
  private final FakeKeys keys = new FakeKeys(OLD);
  private final FakeReplicas replicas = new FakeReplicas();
  private final PlayedHolders holders = new PlayedHolders();
  private final List<JournalEntry> heard = new ArrayList<>();
  private boolean leads = true;

  private final Rotations rotations =
      new Rotations(
          journal,
          keys,
          replicas,
          holders,
          new RotationPolicy(false, Optional.empty(), DAY, DAY, Duration.ofMinutes(10), true),
          Optional::empty,
          heard::add,
          clock);
  private final RotationRunner runner =
      new RotationRunner(journal, rotations, keys, () -> leads, heard::add, clock);

  private static Replica replica(String id, Report report, Duration silent) {
    return new Replica(id, report, NOW, silent, Duration.ZERO);
  }

  @Test
  void run_nobodyToWaitFor_allPhasesAndTheOldKeyIsGone() throws Exception {
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    assertThat(journal.phases())
        .containsExactly(
            "steady", "prepared", "published", "activated", "retiring", "steady", "steady");
    assertThat(keys.there()).containsExactly(NEW.label());
    assertThat(journal.state().active()).isEqualTo(NEW);
    assertThat(journal.state().bundle()).isEqualTo(3);
    assertThat(heard).extracting(JournalEntry::by).startsWith("alice").contains("signet");
  }

  @Test
  void run_anotherReplicaLeads_nothing() throws Exception {
    leads = false;
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    assertThat(journal.phases()).containsExactly("steady", "prepared");
    assertThat(rotations.status().waits()).containsExactly("for the leader to make the key root-2");
  }

  // KC-7, SROT-7: the label is in the journal, so that what was half made is found.
  @Test
  void run_custodianIsAway_triedAgainWithTheSameLabel() throws Exception {
    rotations.start("alice", "yearly", Optional.empty());
    keys.failNext(new RotationException("the token is not there", new IllegalStateException()));
    assertThatThrownBy(runner::run).hasMessage("the token is not there");
    assertThat(journal.phases()).containsExactly("steady", "prepared");

    Outlook _ = runner.run();
    assertThat(keys.there()).containsExactly(NEW.label());
  }

  // KC-7: it hung in a custodian until another replica led, and that one found no key to destroy.
  @Test
  void run_keyIsMadeAfterTheRotationWasCancelledElsewhere_destroyed() throws Exception {
    rotations.start("alice", "yearly", Optional.empty());
    keys.whileMaking(() -> {
      rotations.cancel("bob", "not today");
      boolean _ =
          journal.append(
              new JournalEntry(
                  4,
                  NOW,
                  "signet",
                  "destroyed",
                  new RotationState.Steady(
                      OLD, 1, RotationState.Terms.begin(NOW, false), Optional.empty())));
    });
    Outlook _ = runner.run();

    assertThat(keys.there()).containsExactly(OLD.label());
  }

  @Test // whoever asks a replica that does not lead is told as well
  void status_keyIsNotMadeForAMinute_alarm() throws Exception {
    leads = false;
    rotations.start("alice", "yearly", Optional.empty());
    clock.advance(Duration.ofSeconds(59));
    assertThat(rotations.status().alarms()).isEmpty();

    clock.advance(Duration.ofSeconds(1));

    assertThat(rotations.status().alarms())
        .containsExactly("the leader did not make the key root-2 by " + NOW.plusSeconds(60));
  }

  @Test
  void run_keyCannotBeDestroyed_doomedUntilItIs() throws Exception {
    holders.areUnder(behind(CART));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();
    keys.failNext(new RotationException("the token is not there", new IllegalStateException()));
    holders.areUnder(Progress.NONE);
    assertThatThrownBy(runner::run).isInstanceOf(RotationException.class);
    assertThat(journal.state().other()).contains(OLD);
    assertThat(keys.there()).contains(OLD.label());

    Outlook _ = runner.run();
    assertThat(journal.state().other()).isEmpty();
    assertThat(keys.there()).containsExactly(NEW.label());
  }

  // Once it is destroyed nobody can say any more what it has signed in wrong hands.
  @Test
  void run_whatTheKeyHasSignedCannotBeRevoked_keptUntilItIs() throws Exception {
    holders.areUnder(behind(CART));
    rotations.start("alice", "stolen", Optional.of(keyId(OLD)));
    Outlook _ = runner.run();
    keys.failNext(new RotationException("the CRL is not there"));
    holders.areUnder(Progress.NONE);

    assertThatThrownBy(runner::run).hasMessage("the CRL is not there");
    assertThat(journal.state().phase()).isEqualTo("retiring");
    assertThat(keys.there()).contains(OLD.label());
    assertThat(rotations.status().waits())
        .containsExactly("for the leader to revoke what the key root-1 has signed");

    Outlook _ = runner.run();
    assertThat(keys.there()).containsExactly(NEW.label());
  }

  @Test
  void run_anAdministratorIsFaster_whatTheyDidCounts() throws Exception {
    holders.lack(behind(CART));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();
    JournalEntry last = journal.last().orElseThrow();
    holders.lack(Progress.NONE);
    journal.isBeatenBy(
        new JournalEntry(
            last.number() + 1,
            NOW,
            "bob",
            "not today",
            new RotationCycle(
                    new RotationPolicy(false, Optional.empty(), DAY, DAY, DAY, true), () -> NEW)
                .cancelled(last.state(), NOW)));
    Outlook _ = runner.run();

    assertThat(journal.phases())
        .containsExactly("steady", "prepared", "published", "steady", "steady");
    assertThat(keys.there()).containsExactly(OLD.label());
  }

  // The store is to have something left for others, however many holders there are.
  @Test
  void run_longQuestion_askedAgainAfterThreeTimesAsLong() throws Exception {
    holders.lack(behind(CART));
    holders.whenAsked(() -> clock.advance(Duration.ofSeconds(2)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook first = runner.run();
    assertThat(holders.questions()).isOne();

    clock.advance(Duration.ofMillis(5_999));
    assertThat(runner.run()).isEqualTo(first);
    assertThat(first.lagging()).isPositive();
    assertThat(holders.questions()).isOne();

    clock.advance(Duration.ofMillis(1));
    Outlook _ = runner.run();
    assertThat(holders.questions()).isEqualTo(2);
  }

  @Test
  void run_forcedAfterALongQuestion_atOnce() throws Exception {
    holders.lack(behind(CART));
    holders.areUnder(behind(CART));
    holders.whenAsked(() -> clock.advance(Duration.ofSeconds(2)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    rotations.force("alice", "it is gone");
    Outlook _ = runner.run();

    assertThat(journal.state().phase()).isEqualTo("activated");
  }

  // The machine was suspended while it asked.
  @Test
  void run_questionTookAnHour_askedAgainAfterAMinute() throws Exception {
    holders.lack(behind(CART));
    holders.whenAsked(() -> clock.advance(Duration.ofHours(1)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();
    clock.advance(Duration.ofSeconds(59));
    Outlook _ = runner.run();
    assertThat(holders.questions()).isOne();

    clock.advance(Duration.ofSeconds(1));
    Outlook _ = runner.run();
    assertThat(holders.questions()).isEqualTo(2);
  }

  @Test
  void run_clockSetBackAfterALongQuestion_askedAtOnce() throws Exception {
    holders.lack(behind(CART));
    holders.whenAsked(() -> clock.advance(Duration.ofSeconds(2)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    clock.set(NOW);
    Outlook _ = runner.run();

    assertThat(holders.questions()).isEqualTo(2);
  }

  @Test
  void run_storeIsAway_fails() {
    journal.setAway(true);

    assertThatThrownBy(runner::run).isInstanceOf(LedgerException.class);
  }

  @Test
  void status_replicaLagsBehind_namedWithWhatItHasAndItsSilence() throws Exception {
    replicas.are(
        List.of(
            replica("east", new Report(99, 2, 2, 1), Duration.ofSeconds(1)),
            replica("west", new Report(99, 1, 2, 1), Duration.ofSeconds(90))));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    RotationStatus status = rotations.status();
    assertThat(status.state().phase()).isEqualTo("published");
    assertThat(status.waits()).containsExactly("for 1 of 2 to acknowledge bundle 2");
    assertThat(status.progress().laggards())
        .extracting(Laggard::name, Laggard::has)
        .containsExactly(tuple("west", "bundle 1, silent for PT1M30S"));
  }

  // It may be about to do what followed from the step before.
  @Test
  void run_replicaHasNotFollowedTheLastStep_waitedForWhateverElseItSays() throws Exception {
    replicas.are(List.of(replica("west", new Report(1, 9, 9, 2), Duration.ZERO)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook outlook = runner.run();

    assertThat(outlook.lagging()).isOne();
    assertThat(journal.state().phase()).isEqualTo("prepared");
  }

  // Nothing follows from an act of a person for those that wait: those named were left behind.
  @Test
  void force_replicaHasNotSeenItYet_notAmongThoseLeftBehind() throws Exception {
    holders.lack(behind(CART));
    rotations.start("alice", "yearly", Optional.empty());
    replicas.are(List.of(replica("west", new Report(99, 9, 9, 1), Duration.ZERO)));
    Outlook _ = runner.run();
    JournalEntry published = journal.last().orElseThrow();
    assertThat(published.state().phase()).isEqualTo("published");
    replicas.are(List.of(replica("west", new Report(published.number(), 2, 2, 1), Duration.ZERO)));

    rotations.force("alice", "it is gone");
    Outlook _ = runner.run();

    assertThat(journal.state().phase()).isEqualTo("activated");
    assertThat(journal.last().orElseThrow().reason())
        .isEqualTo("forced: 1 of 11 did not acknowledge bundle 2: " + CART.name());
  }

  // From this follows whom nobody believes any more.
  @Test
  void start_compromisedMeanwhile_replicaHasToFollowIt() throws Exception {
    holders.lack(behind(CART));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();
    JournalEntry published = journal.last().orElseThrow();
    replicas.are(List.of(replica("west", new Report(published.number(), 2, 2, 1), Duration.ZERO)));

    rotations.start("alice", "stolen", Optional.of(keyId(OLD)));

    assertThat(rotations.status().progress().laggards()).extracting(Laggard::name).contains("west");
  }

  @Test
  void status_clocksApart_replicaNamedThatIsWrong() throws Exception {
    Report report = new Report(1, 1, 1, 1);
    replicas.are(
        List.of(
            new Replica("east", report, NOW, Duration.ZERO, Duration.ofSeconds(-5)),
            new Replica("north", report, NOW, Duration.ZERO, Duration.ofMillis(-61_007)),
            new Replica("west", report, NOW, Duration.ZERO, Duration.ofHours(1))));

    assertThat(rotations.status().alarms())
        .containsExactly(
            "the clock of replica north is PT1M1S behind the database's (expected: PT5S at most)",
            "the clock of replica west is PT1H ahead of the database's (expected: PT5S at most)");
  }

  // What it has handed out has ended by then.
  @Test
  void run_replicaIsSilentForLongerThanAnythingLives_notWaitedFor() throws Exception {
    replicas.are(List.of(replica("west", new Report(1, 1, 1, 1), DAY)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    assertThat(journal.state().active()).isEqualTo(NEW);
  }

  @Test
  void run_replicaStillSignsUnderTheOldOne_waitedFor() throws Exception {
    replicas.are(List.of(replica("west", new Report(99, 9, 9, 1), Duration.ZERO)));
    rotations.start("alice", "yearly", Optional.empty());
    Outlook _ = runner.run();

    assertThat(journal.state().phase()).isEqualTo("activated");
    assertThat(rotations.status().progress().laggards())
        .extracting(Laggard::has)
        .containsExactly("authority or certificate of generation 1");
  }

  // A number is never used twice, also if nothing came of it.
  @Test
  void start_afterACancelledOne_theNextNumber() throws Exception {
    holders.lack(behind(CART));
    rotations.start("alice", "yearly", Optional.empty());
    rotations.cancel("alice", "not today");
    Outlook _ = runner.run();
    rotations.start("alice", "yearly", Optional.empty());

    assertThat(journal.state().other().orElseThrow().number()).isEqualTo(3);
  }

  @Test
  void start_compromised_byTheBeginningOfItsKeyIdentifier() throws Exception {
    holders.lack(behind(CART));
    rotations.start("alice", "stolen", Optional.of(keyId(OLD).substring(0, 8)));
    Outlook _ = runner.run();

    assertThat(journal.state().terms().compromised()).isTrue();
    assertThat(rotations.authorities())
        .extracting(AuthorityStatus::role, AuthorityStatus::compromised)
        .containsExactly(tuple(Role.NEXT, false), tuple(Role.ACTIVE, true));
  }

  @Test
  void start_compromisedUnknown_refusedWithThoseThatThereAre() {
    assertThatThrownBy(() -> rotations.start("alice", "stolen", Optional.of("00ff")))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "authority 00ff: unknown (expected: the key identifier of one of [%s])"
                .formatted(keyId(OLD)));
  }

  private String keyId(Generation generation) {
    return HexFormat.of()
        .formatHex(KeyIds.of(keys.certificate(generation).orElseThrow().getPublicKey()));
  }
}
