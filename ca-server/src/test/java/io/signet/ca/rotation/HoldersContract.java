package io.signet.ca.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.rotation.Laggard.Kind;
import io.signet.ca.testing.Fixtures;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whom a rotation waits for: what nothing in a mesh acknowledges (ISTIO-43), and SPIRE leaves to a
 * guess (SROT-6).
 */
public abstract class HoldersContract {

  protected static final Instant NOW = Fixtures.NOW;
  private static final Instant END = NOW.plus(Duration.ofHours(1));
  private static final HolderKey WEB = new HolderKey(Fixtures.CART, "uid-1");
  private static final HolderKey OTHER = new HolderKey(Fixtures.CART, "uid-2");
  private static final String NAME = Fixtures.CART + " uid-1";

  private static final String UID = "0f1e2d3c-4b5a-4697-8877-665544332211";
  private static final HolderKey POD = new HolderKey(Fixtures.CART, UID);
  private static final HolderKey OTHER_POD =
      new HolderKey(Fixtures.CART, "1f1e2d3c-4b5a-4697-8877-665544332211");

  private int serial;

  /** Of the same store as the holders. */
  protected abstract IssuanceLedger ledger();

  /** Of one replica; empty at first, and the same at each call. */
  protected abstract Holders holders();

  /** Of the same store as the holders. */
  protected abstract PodHolders pods();

  /** Of another replica at the same store. */
  protected abstract Holders another();

  // ---- who asks for certificates

  @Test
  void lacking_nobody_done() throws Exception {
    assertThat(lacking(1)).isEqualTo(Progress.NONE);
  }

  // ISTIO-40: it trusts what its last answer carried.
  @Test
  void lacking_clientAnsweredWithIt_done() throws Exception {
    answered(WEB, 3, 1);

    assertThat(lacking(3)).isEqualTo(new Progress(1, 0, List.of()));
  }

  @Test
  void lacking_clientAnsweredBefore_namedWithWhatItHas() throws Exception {
    answered(WEB, 2, 1);

    assertThat(lacking(3))
        .isEqualTo(
            new Progress(
                1, 1, List.of(new Laggard(Kind.CLIENT, NAME, "bundle 2", NOW, Optional.empty()))));
  }

  @Test
  void lacking_clientAnsweredAgainWithIt_done() throws Exception {
    answered(WEB, 2, 1);
    answered(WEB, 3, 1);

    assertThat(lacking(3)).isEqualTo(new Progress(1, 0, List.of()));
  }

  // Its clock may be behind too.
  @Test
  void lacking_answeredLastByAReplicaThatLagsBehind_lags() throws Exception {
    answered(WEB, 3, 1);
    answered(WEB, 2, 1, NOW.minusSeconds(5));

    assertThat(lacking(3).laggards()).extracting(Laggard::has).containsExactly("bundle 2");
  }

  @Test
  void under_answeredLastUnderTheOldByAReplicaWhoseClockIsBehind_lags() throws Exception {
    answered(WEB, 2, 2);
    answered(WEB, 2, 1, NOW.minusSeconds(5));

    assertThat(under(1).lagging()).isOne();
  }

  // ISS-8: an intent is no answer.
  @Test
  void lacking_answerWithItFailed_stillLacksIt() throws Exception {
    answered(WEB, 2, 1);
    var _ = intended(WEB, 3, 1, NOW, END);

    assertThat(lacking(3).laggards()).extracting(Laggard::has).containsExactly("bundle 2");
  }

  @Test
  void lacking_certificateExpired_noLongerCounts() throws Exception {
    answered(WEB, 2, 1);

    assertThat(holders().lacking(3, END.minusMillis(1), 9).lagging()).isOne();
    assertThat(holders().lacking(3, END, 9)).isEqualTo(Progress.NONE);
  }

  @Test
  void lacking_ourOwnCertificates_doNotCount() throws Exception {
    var _ = intended(new Receiver(Optional.empty(), Optional.empty(), 0, 1), "leaf", NOW, END);
    var _ = intended(Receiver.NOBODY, "issuing", NOW, END);

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1)).isEqualTo(Progress.NONE);
  }

  @Test
  void lacking_severalOfOneIdentity_eachCounts() throws Exception {
    answered(WEB, 3, 1);
    answered(OTHER, 2, 1);

    Progress progress = lacking(3);
    assertThat(progress.all()).isEqualTo(2);
    assertThat(progress.laggards())
        .extracting(Laggard::name)
        .containsExactly(Fixtures.CART + " uid-2");
  }

  @Test
  void under_clientAnsweredUnderAnotherSince_done() throws Exception {
    answered(WEB, 2, 1);
    assertThat(under(1).laggards())
        .containsExactly(
            new Laggard(Kind.CLIENT, NAME, "SVID under generation 1", NOW, Optional.empty()));

    answered(WEB, 2, 2, NOW.plusSeconds(1));
    assertThat(under(1)).isEqualTo(new Progress(1, 0, List.of()));
  }

  @Test // a rotation that was taken back
  void under_clientAnsweredUnderTheOldAgain_lags() throws Exception {
    answered(WEB, 2, 1);
    answered(WEB, 2, 2, NOW.plusSeconds(1));
    answered(WEB, 2, 1, NOW.plusSeconds(2));

    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isZero();
  }

  @Test
  void under_nextCertificateWasNeverSigned_lags() throws Exception {
    answered(WEB, 2, 1);
    var _ = intended(WEB, 2, 2, NOW.plusSeconds(1), END);

    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isOne(); // a signature may exist
  }

  // Below it are leaves that we do not know.
  @Test
  void under_authorityOfAnother_untilItExpires() throws Exception {
    Receiver first = new Receiver(Optional.of(WEB), Optional.empty(), 2, 1);
    Receiver second = new Receiver(Optional.of(WEB), Optional.empty(), 3, 2);
    signed(intended(first, "issuing", NOW, END));
    signed(intended(second, "issuing", NOW.plusSeconds(1), END.plusSeconds(60)));

    assertThat(under(1).laggards()).extracting(Laggard::name).containsExactly(NAME);
    assertThat(lacking(3).laggards()).extracting(Laggard::has).containsExactly("bundle 2");
    assertThat(holders().under(1, END, 9).lagging()).isZero();
    assertThat(holders().lacking(3, END, 9)).isEqualTo(new Progress(1, 0, List.of()));
  }

  // It was given up before it was signed, so nobody has it.
  @Test
  void withdrawn_nobodyWaitsForIt() throws Exception {
    Receiver authority = new Receiver(Optional.of(WEB), Optional.empty(), 2, 1);
    ledger().withdraw(intended(authority, "issuing", NOW, END));
    ledger().withdraw(intended(OTHER, 2, 1, NOW, END));

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1)).isEqualTo(Progress.NONE);
  }

  // Who asked was told that it took too long, or was gone: it trusts what it had before.
  @Test
  void unreceived_provesNothing() throws Exception {
    answered(WEB, 2, 1);
    SerialNumber lost = intended(WEB, 3, 2, NOW.plusSeconds(1), END);
    signed(lost);
    assertThat(lacking(3).lagging()).isZero();

    ledger().unreceived(lost);

    assertThat(lacking(3).laggards()).extracting(Laggard::has).containsExactly("bundle 2");
    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isZero();
  }

  @Test
  void unreceived_onlyOne_nobodyWaitsForIt() throws Exception {
    SerialNumber lost = intended(WEB, 2, 1, NOW, END);
    signed(lost);
    ledger().unreceived(lost);

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1)).isEqualTo(Progress.NONE);
  }

  @Test
  void under_secondIntentWithdrawn_theFirstStillCounts() throws Exception {
    answered(WEB, 2, 1);
    ledger().withdraw(intended(WEB, 3, 2, NOW.plusSeconds(1), END));

    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isZero();
  }

  // ---- who is on a stream

  @Test
  void lacking_subscriberThatNeverReported_lags() throws Exception {
    fed(WEB, 1);

    assertThat(lacking(1).laggards())
        .containsExactly(new Laggard(Kind.SUBSCRIBER, NAME, "no bundle", NOW, Optional.empty()));
    assertThat(under(1).laggards()).extracting(Laggard::kind).containsExactly(Kind.SUBSCRIBER);
  }

  @Test
  void lacking_subscriberAcknowledged_done() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 1, 3L, 1));

    assertThat(lacking(3)).isEqualTo(new Progress(1, 0, List.of()));
    assertThat(lacking(4).laggards()).extracting(Laggard::has).containsExactly("bundle 3");
  }

  @Test // its answer comes first
  void lacking_subscriberRefused_firstAndWithItsWords() throws Exception {
    report(seen(OTHER, 1, 2L, 1));
    Instant later = NOW.plusSeconds(5);
    holders()
        .report(
            List.of(
                new HolderReport(
                    WEB.toString(), 1, Optional.of(2L), Optional.of(1), Optional.of("no"), later)));

    Progress progress = lacking(3);
    assertThat(progress.lagging()).isEqualTo(2);
    assertThat(progress.laggards().getFirst())
        .isEqualTo(new Laggard(Kind.SUBSCRIBER, NAME, "bundle 2", later, Optional.of("no")));
  }

  @Test
  void lacking_moreThanAreNamed_allAreCounted() throws Exception {
    holders()
        .report(
            IntStream.range(0, 700)
                .mapToObj(i -> seen(new HolderKey(Fixtures.CART, "uid-" + i), 1, 2L, 1))
                .toList());

    Progress progress = holders().lacking(3, NOW, 10);
    assertThat(progress.all()).isEqualTo(700);
    assertThat(progress.lagging()).isEqualTo(700);
    assertThat(progress.laggards()).hasSize(10);
  }

  @Test // a bundle is all that it wants, and then nothing of it is in the ledger
  void lacking_bundleAlone_countsWhileItIsThere() throws Exception {
    report(seen(WEB, 1, 2L, null));
    assertThat(lacking(3).lagging()).isOne();

    report(seen(WEB, 0, 2L, null));
    assertThat(lacking(3)).isEqualTo(Progress.NONE);
  }

  @Test // where it gets its bundle from is not ours to know
  void lacking_svidAlone_noHolderOfABundle() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 1, null, 1));

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1).lagging()).isOne();
  }

  @Test // it may come back with what it had
  void lacking_leftWithItsCertificate_countsUntilThatExpires() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 0, 2L, 1));

    assertThat(lacking(3).lagging()).isOne();
    assertThat(holders().lacking(3, END, 9)).isEqualTo(Progress.NONE);
  }

  // A proxy that lost its connection comes to another replica.
  @Test
  void lacking_onTwoReplicas_bothStreamsCount() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 1, 2L, 1));
    another().report(List.of(seen(WEB, 1, 3L, 1)));
    assertThat(lacking(3).lagging()).isOne();

    report(seen(WEB, 0, 2L, 1));
    assertThat(lacking(3).lagging()).isZero();
  }

  @Test
  void lacking_leftBothReplicas_whatItHadLast() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 0, 2L, 1));
    another()
        .report(
            List.of(
                new HolderReport(
                    WEB.toString(),
                    0,
                    Optional.of(3L),
                    Optional.of(1),
                    Optional.empty(),
                    NOW.plusSeconds(1))));

    assertThat(lacking(3).lagging()).isZero();
    assertThat(lacking(4).laggards()).extracting(Laggard::has).containsExactly("bundle 3");
  }

  @Test
  void reported_byTwoReplicas_bothAndNobodyElse() throws Exception {
    HolderReport here = seen(WEB, 0, 2L, null);
    HolderReport there = seen(WEB, 1, null, 1);
    report(here);
    another().report(List.of(there));

    assertThat(holders().reported(List.of(WEB.toString(), "nobody")))
        .containsExactlyInAnyOrder(here, there);
    assertThat(holders().reported(List.of())).isEmpty();
  }

  @Test // its stream for the bundle is still to come there
  void lacking_comesToAnotherReplicaWithItsSvidFirst_whatItHadCountsForAWhile() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 0, 2L, 1));
    another().report(List.of(seen(WEB, 1, null, 1)));

    assertThat(lacking(3).lagging()).isOne();
    assertThat(holders().lacking(3, NOW.plus(Duration.ofMinutes(2)), 9)).isEqualTo(Progress.NONE);
  }

  @Test
  void under_subscriberAcknowledgedTheNext_done() throws Exception {
    fed(WEB, 1);
    fed(WEB, 2);
    report(seen(WEB, 1, 2L, 1));
    assertThat(under(1).lagging()).isOne();

    report(seen(WEB, 1, 2L, 2));
    assertThat(under(1)).isEqualTo(new Progress(1, 0, List.of()));
    assertThat(under(2).lagging()).isOne();
  }

  @Test
  void under_notCertain_lags() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 1, 2L, 0));

    assertThat(under(1).lagging()).isOne();
  }

  @Test
  void under_streamsOfTwoReplicasDiffer_lags() throws Exception {
    fed(WEB, 1);
    fed(WEB, 2);
    report(seen(WEB, 1, 2L, 1));
    another().report(List.of(seen(WEB, 1, 2L, 2)));

    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isOne();
  }

  @Test // a server that saw it take that one has ended before it could tell
  void under_fedTheOldOneLast_lagsUntilItIsFedAnother() throws Exception {
    fed(WEB, 2);
    fed(WEB, 1);
    report(seen(WEB, 0, 2L, 2));
    assertThat(under(1).lagging()).isOne();

    fed(WEB, 2);
    assertThat(under(1).lagging()).isZero();
  }

  @Test // what it was fed went nowhere
  void under_neverAskedForAnSvid_done() throws Exception {
    fed(WEB, 1);
    report(seen(WEB, 1, 2L, null));

    assertThat(under(1).lagging()).isZero();
  }

  // The answer to a request says nothing of what its proxy has taken over.
  @Test
  void lacking_clientAndSubscriber_eachWayCounts() throws Exception {
    answered(WEB, 3, 2);
    fed(WEB, 1);
    report(seen(WEB, 1, 2L, 1));

    Progress progress = lacking(3);
    assertThat(progress.all()).isEqualTo(2);
    assertThat(progress.laggards()).extracting(Laggard::kind).containsExactly(Kind.SUBSCRIBER);
    assertThat(under(1).laggards()).extracting(Laggard::kind).containsExactly(Kind.SUBSCRIBER);
  }

  // ---- whose pod is gone

  @Test
  void gone_client_countsNoLonger() throws Exception {
    answered(POD, 2, 1);
    answered(OTHER_POD, 2, 1);
    assertThat(lacking(3).lagging()).isEqualTo(2);

    pods().gone(present(POD));

    assertThat(lacking(3).all()).isOne();
    assertThat(lacking(3).laggards()).extracting(Laggard::name).containsExactly(OTHER_POD.name());
    assertThat(under(1).laggards()).extracting(Laggard::name).containsExactly(OTHER_POD.name());
    assertThat(pods().present(NOW)).extracting(PodHolder::key).containsExactly(OTHER_POD);
  }

  @Test
  void gone_subscriber_countsNoLonger() throws Exception {
    fed(POD, 1); // it never said what it has
    fed(OTHER_POD, 1);
    report(seen(OTHER_POD, 0, 2L, 1));

    pods().gone(pods().present(NOW));

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1)).isEqualTo(Progress.NONE);
  }

  // Whoever has it open has what was sent on it.
  @Test
  void gone_onAnOpenStreamAnywhere_countsUntilThatEnds() throws Exception {
    fed(POD, 1);
    report(seen(POD, 0, 2L, 1));
    another().report(List.of(seen(POD, 1, 2L, 1)));

    pods().gone(present(POD));
    assertThat(lacking(3).lagging()).isOne();
    assertThat(under(1).lagging()).isOne();

    another().report(List.of(seen(POD, 0, 2L, 1)));
    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(under(1)).isEqualTo(Progress.NONE);
  }

  // It may still be somewhere, as a container on a machine that nobody can reach.
  @Test
  void gone_certifiedAllTheSame_countsAgainAndFromThenOn() throws Exception {
    answered(POD, 2, 1);
    List<PodHolder> before = present(POD);
    answered(POD, 2, 1);

    pods().gone(before);
    assertThat(lacking(3).lagging()).isOne();
    assertThat(under(1).lagging()).isOne();

    pods().gone(List.of(new PodHolder(POD, UID, Long.MAX_VALUE)));
    assertThat(lacking(3).lagging()).isOne();
    assertThat(pods().present(NOW)).isEmpty();
  }

  @Test
  void gone_twice_once() throws Exception {
    answered(POD, 2, 1);
    List<PodHolder> pods = present(POD);

    pods().gone(pods);
    pods().gone(pods);

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
  }

  @Test
  void present_severalCertificates_onceAndUpToTheLast() throws Exception {
    answered(POD, 2, 1);
    fed(POD, 1);
    long last = pods().present(NOW).getFirst().last();
    fed(POD, 1);

    assertThat(pods().present(NOW))
        .singleElement()
        .satisfies(pod -> {
          assertThat(pod.uid()).isEqualTo(UID);
          assertThat(pod.last()).isGreaterThan(last);
        });
  }

  // Nobody could tell that they are gone: another certificate, or nothing, tells them apart.
  @Test
  void present_noPods_none() throws Exception {
    answered(WEB, 2, 1);
    answered(new HolderKey(Fixtures.CART, "2f45a9"), 2, 1);
    answered(HolderKey.single(Fixtures.CART, new SerialNumber(BigInteger.TEN)), 2, 1);
    fed(new HolderKey(Fixtures.CART, ""), 1);
    report(seen(POD, 1, 2L, null)); // has no certificate

    assertThat(pods().present(NOW)).isEmpty();
  }

  @Test
  void present_certificateExpired_none() throws Exception {
    answered(POD, 2, 1);

    assertThat(pods().present(END.minusMillis(1))).hasSize(1);
    assertThat(pods().present(END)).isEmpty();
  }

  // Below it are leaves that are not those of a pod.
  @Test
  void present_authorityOfAPod_none() throws Exception {
    Receiver receiver = new Receiver(Optional.of(POD), Optional.empty(), 2, 1);
    signed(intended(receiver, "issuing", NOW, END));

    assertThat(pods().present(NOW)).isEmpty();
    pods().gone(List.of(new PodHolder(POD, UID, Long.MAX_VALUE)));
    assertThat(under(1).lagging()).isOne();
  }

  @Test
  void clusters_attestedByAnybody_untilTheyEnd() throws Exception {
    pods().attested(List.of("main", "west"), END);
    pods().attested(List.of("main"), END.plusSeconds(2));
    pods().attested(List.of("main"), END.plusSeconds(1)); // of who has shorter lives

    assertThat(pods().clusters(END.minusMillis(1))).containsExactlyInAnyOrder("main", "west");
    assertThat(pods().clusters(END.plusSeconds(1))).containsExactly("main");
    assertThat(pods().clusters(END.plusSeconds(2))).isEmpty();
  }

  private List<PodHolder> present(HolderKey key) throws LedgerException {
    return pods().present(NOW).stream().filter(pod -> pod.key().equals(key)).toList();
  }

  protected final Progress lacking(long bundle) throws LedgerException {
    return holders().lacking(bundle, NOW, 9);
  }

  protected final Progress under(int generation) throws LedgerException {
    return holders().under(generation, NOW, 9);
  }

  protected final void answered(HolderKey holder, long bundle, int generation)
      throws LedgerException {
    answered(holder, bundle, generation, NOW);
  }

  private void answered(HolderKey holder, long bundle, int generation, Instant at)
      throws LedgerException {
    signed(intended(holder, bundle, generation, at, END));
  }

  protected final void fed(HolderKey holder, int generation) throws LedgerException {
    signed(intended(holder, 0, generation, NOW, END));
  }

  private SerialNumber intended(
      HolderKey holder, long bundle, int generation, Instant at, Instant end)
      throws LedgerException {
    return intended(
        new Receiver(Optional.of(holder), Optional.empty(), bundle, generation), "leaf", at, end);
  }

  private SerialNumber intended(Receiver receiver, String profile, Instant at, Instant end)
      throws LedgerException {
    SerialNumber number = new SerialNumber(BigInteger.valueOf(++serial));
    ledger()
        .intend(
            new Intent(
                number,
                Fixtures.CART,
                profile,
                "for a test",
                new byte[20],
                new byte[] {0x30, 0},
                end,
                at,
                receiver));
    return number;
  }

  private void signed(SerialNumber number) throws LedgerException {
    ledger().issued(number, new byte[] {1});
  }

  protected final void report(HolderReport seen) throws LedgerException {
    holders().report(List.of(seen));
  }

  protected static HolderReport seen(
      HolderKey holder, int streams, @Nullable Long bundle, @Nullable Integer generation) {
    return new HolderReport(
        holder.toString(),
        streams,
        Optional.ofNullable(bundle),
        Optional.ofNullable(generation),
        Optional.empty(),
        NOW);
  }
}
