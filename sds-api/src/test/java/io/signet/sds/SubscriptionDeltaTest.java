package io.signet.sds;

import static io.signet.sds.Secrets.CART;
import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.PARTNER;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.bundle;
import static io.signet.sds.Secrets.snapshot;
import static io.signet.sds.Secrets.svid;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Delta streams: SC-1 to SC-18 where they apply, and SC-17. */
class SubscriptionDeltaTest {
  private static final Snapshot BOTH_DOMAINS =
      new Snapshot(
          List.of(svid(WEB, 1)),
          Trust.of(anchors(EXAMPLE, 1), List.of(anchors(PARTNER, 2)), Map.of()));

  private final Snapshot first = snapshot(1, 1);
  private final DeltaDialogue stream = DeltaDialogue.with(first);

  @Test // SC-1
  void subscribe_second_onlyTheNewOneIsAnswered() {
    assertThat(stream.subscribes("default")).containsExactly("default");
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.subscribes("ROOTCA")).containsExactly("ROOTCA");
    assertThat(stream.acks()).isEmpty();
  }

  @Test // SDS-18, SC-3: also if the subscriber already has it
  void subscribe_again_isAnsweredAgain() {
    assertThat(stream.subscribes("default")).containsExactly("default");
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.subscribes("default")).containsExactly("default");
  }

  @Test // SDS-6, SDS-18, SC-5, SC-17
  void subscribe_unknownAmongGood_goodIsAnsweredAndUnknownIsRemoved() {
    assertThat(stream.subscribes("default", "nobody")).containsExactly("default", "-nobody");
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
  }

  @Test // SDS-18, SC-5: it stays subscribed
  void changed_removedNameAppears_isPushed() {
    assertThat(stream.subscribes(CART.toString())).containsExactly("-" + CART);
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.sees(new Snapshot(List.of(svid(CART, 1)), first.trust())))
        .containsExactly(CART.toString());
  }

  @Test // SDS-7, EF-3: a removal would fail the handshakes that wait for it
  void subscribe_secretStillBeingMade_isNotRemoved() {
    var early = DeltaDialogue.with(Snapshot.EMPTY);
    assertThat(early.subscribes("default", "nobody")).isEmpty();

    var awaiting = new Snapshot(List.of(), Set.of(WEB), first.trust(), Optional.empty());
    assertThat(early.sees(awaiting)).containsExactly("-nobody");
    assertThat(early.subscribes(WEB.toString())).isEmpty();
    assertThat(early.sees(first)).containsExactly("default", WEB.toString());
  }

  @Test // SDS-20, SC-17
  void changed_secretCeasesToExist_isRemovedOnce() {
    var both = DeltaDialogue.with(BOTH_DOMAINS);
    assertThat(both.subscribes(PARTNER.id().toString())).hasSize(1);
    assertThat(both.acks()).isEmpty();

    assertThat(both.sees(first)).containsExactly("-" + PARTNER.id());
    assertThat(both.acks()).isEmpty();
    assertThat(both.sees(snapshot(2, 1))).isEmpty();
    assertThat(both.sees(BOTH_DOMAINS)).containsExactly(PARTNER.id().toString());
  }

  @Test // SDS-15, SDS-20
  void changed_wildcardAndDomainGone_isRemoved() {
    var both = DeltaDialogue.with(BOTH_DOMAINS);
    assertThat(both.subscribes())
        .containsExactly(WEB.toString(), "spiffe://example.org", PARTNER.id().toString());
    assertThat(both.acks()).isEmpty();
    assertThat(both.sees(first)).containsExactly("-" + PARTNER.id());
  }

  @Test // SDS-15, SC-9
  void subscribe_star_everythingAndItCanBeLeft() {
    assertThat(stream.subscribes("*")).containsExactly(WEB.toString(), "spiffe://example.org");
    assertThat(stream.unsubscribes("*")).isEmpty();
    assertThat(stream.sees(snapshot(2, 2))).isEmpty();
  }

  @Test // SDS-19, SC-17
  void unsubscribe_knownAndUnknown_isSilence() {
    assertThat(stream.subscribes("default", "ROOTCA")).hasSize(2);
    assertThat(stream.unsubscribes("ROOTCA", "nobody")).isEmpty();
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
    assertThat(stream.sees(snapshot(2, 2))).containsExactly("default");
  }

  @Test // SC-9: after names, no name is nothing
  void unsubscribe_lastName_isNoWildcard() {
    assertThat(stream.subscribes("default")).hasSize(1);
    assertThat(stream.unsubscribes("default")).isEmpty();
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.sees(snapshot(2, 2))).isEmpty();
  }

  @Test // SDS-17, SC-11
  void subscribe_withStaleNonce_isHonoured() {
    assertThat(stream.subscribes("default")).hasSize(1);
    String stale = stream.nonce();
    assertThat(stream.sees(snapshot(2, 1))).hasSize(1);

    assertThat(stream.says(List.of("ROOTCA"), List.of(), Map.of(), stale, Optional.empty()))
        .containsExactly("ROOTCA");
    assertThat(stream.answer()).isEmpty();
  }

  @Test // SDS-9, SC-10
  void ackAndNack_tellVersionsOfSecretsOnly() {
    String version = svid(WEB, 1).version();
    assertThat(stream.subscribes("default", "nobody")).hasSize(2);
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.answer()).contains(new Ack(Map.of("default", version)));

    assertThat(stream.subscribes("default")).hasSize(1);
    assertThat(stream.nacks()).isEmpty();
    assertThat(stream.answer()).contains(new Nack(Map.of("default", version), "cannot load"));
  }

  @Test // SDS-13, SC-10
  void nack_unchanged_isHeldUntilSomethingChanges() {
    assertThat(stream.subscribes("default")).hasSize(1);
    assertThat(stream.nacks()).isEmpty();
    assertThat(stream.sees(first)).isEmpty();
    assertThat(stream.sees(snapshot(1, 2))).containsExactly("default");
  }

  @Test // SDS-10, SC-10
  void nack_thatAlsoSubscribes_newNameIsAnswered() {
    assertThat(stream.subscribes("default")).hasSize(1);
    assertThat(
            stream.says(List.of("ROOTCA"), List.of(), Map.of(), stream.nonce(), Optional.of("no")))
        .containsExactly("ROOTCA");
  }

  @Test // SDS-18, SC-8, SC-17
  void reconnect_withVersions_everyNameIsAnsweredAndWhatIsGoneIsRemoved() {
    assertThat(
            stream.resumes(
                Map.of("default", svid(WEB, 1).version(), "spiffe://gone.example", "v1"),
                "default"))
        .containsExactly("default", "-spiffe://gone.example");
  }

  @Test // SDS-18: of the first request only, or a peer could give us names without end to keep
  void known_ofALaterRequest_isIgnored() {
    assertThat(stream.subscribes("*")).hasSize(2);
    assertThat(stream.resumes(Map.of("spiffe://gone.example", "v1"), "default"))
        .containsExactly("default");
  }

  @Test // SDS-14: nothing that was not asked for, also where the first snapshot comes later
  void reconnect_knownButNotSubscribed_isNeverSent() {
    var early = DeltaDialogue.with(Snapshot.EMPTY);
    assertThat(early.resumes(Map.of("ROOTCA", "v1", "spiffe://gone.example", "v1"), "default"))
        .isEmpty();

    assertThat(early.sees(first)).containsExactly("default", "-spiffe://gone.example");
    assertThat(early.sees(snapshot(1, 2))).isEmpty();
  }

  @Test // SDS-18: of a wildcard only what changed
  void reconnect_wildcardWithVersions_onlyWhatChangedIsSent() {
    assertThat(
            stream.resumes(
                Map.of(
                    WEB.toString(),
                    svid(WEB, 1).version(),
                    "spiffe://example.org",
                    bundle(EXAMPLE, 7).version()),
                "*"))
        .containsExactly("spiffe://example.org");
    assertThat(stream.known())
        .isEqualTo(
            Map.of(
                WEB.toString(),
                svid(WEB, 1).version(),
                "spiffe://example.org",
                bundle(EXAMPLE, 7).version()));
  }

  @Test // SDS-4: unchanged content is not sent again
  void changed_equalContent_isSilence() {
    assertThat(stream.subscribes("default", "ROOTCA")).hasSize(2);
    assertThat(stream.sees(snapshot(1, 1))).isEmpty();
  }
}
