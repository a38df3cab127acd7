package io.signet.sds;

import static io.signet.sds.Secrets.CART;
import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.PARTNER;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.snapshot;
import static io.signet.sds.Secrets.svid;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which names a stream is subscribed to, and what that alone brings it. */
class SubscriptionNamesTest {
  private final Dialogue stream = Dialogue.with(snapshot(1, 1));

  @ParameterizedTest // NAME-1, 2, 4; SC-15
  @ValueSource(
      strings = {
        "default",
        "ROOTCA",
        "spiffe://example.org/ns/shop/sa/web",
        "spiffe://example.org"
      })
  void requested_knownName_isAnsweredUnderThatName(String name) {
    assertThat(stream.asks(name)).containsExactly(name);
  }

  @Test // NAME-6, SC-15: SPIRE refuses some of these together
  void requested_everyKindOfName_isAnsweredInOneResponse() {
    assertThat(stream.asks("default", "ROOTCA", WEB.toString(), "spiffe://example.org"))
        .containsExactly("default", "ROOTCA", WEB.toString(), "spiffe://example.org");
  }

  @Test // NAME-1, -2: the first SVID and the first bundle
  void requested_aliasesOfSeveral_meanTheFirst() {
    var both =
        new Snapshot(
            List.of(svid(WEB, 1), svid(CART, 2)),
            Trust.of(anchors(EXAMPLE, 1), List.of(anchors(PARTNER, 2)), Map.of()));
    var asking = Dialogue.with(both);

    assertThat(asking.asks("default", "ROOTCA")).hasSize(2);
    assertThat(asking.response().secrets())
        .containsEntry("default", both.svids().getFirst())
        .containsEntry("ROOTCA", both.trust().own(BundleForm.TRUSTED_CA).orElseThrow());
  }

  @ParameterizedTest // SDS-6, NAME-5, SC-5
  @ValueSource(
      strings = {
        "nobody",
        "",
        "file-cert:/etc/cert",
        "file-root:/etc/root",
        "spiffe://example.org/ns/other/sa/x"
      })
  void requested_unknownOrForeignName_isNotAnswered(String name) {
    assertThat(stream.asks(name)).isEmpty();
    assertThat(stream.asks(name, "default")).containsExactly("default");
  }

  @Test // SDS-7, SC-5, SC-13, ISTIO-96: unknown
  void changed_secretAppears_isPushedToWhoAskedEarlier() {
    var early = Dialogue.with(Snapshot.EMPTY);

    assertThat(early.asks("default", "nobody")).isEmpty();
    assertThat(early.sees(snapshot(1, 1))).containsExactly("default");
    assertThat(early.acks("default", "nobody")).isEmpty();
  }

  @Test // SDS-14, SC-1, ISTIO-96: multiplexed
  void requested_nameAddedOnAck_onlyTheNewOneIsAnswered() {
    assertThat(stream.asks("ROOTCA")).containsExactly("ROOTCA");
    assertThat(stream.acks("ROOTCA")).isEmpty();
    assertThat(stream.acks("ROOTCA", "default")).containsExactly("default");
    assertThat(stream.acks("ROOTCA", "default")).isEmpty();
  }

  @Test // SDS-10, SC-2: root first, then only the certificate
  void requested_namesReplacedOnAck_newSetIsAnsweredAndOldOneLeft() {
    assertThat(stream.asks("ROOTCA")).containsExactly("ROOTCA");
    assertThat(stream.acks("default")).containsExactly("default");
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
  }

  @Test // SC-12
  void requested_orderChangedOrNamesRepeated_isNotAnswered() {
    assertThat(stream.asks("default", "ROOTCA", "default")).containsExactly("default", "ROOTCA");
    assertThat(stream.acks("ROOTCA", "default", "ROOTCA")).isEmpty();
  }

  @Test // SDS-14
  void requested_nameDroppedAndAddedAgain_isAnsweredThoughUnchanged() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.acks("default", "ROOTCA")).containsExactly("ROOTCA");
  }

  @Test // SDS-12, SC-2, ISTIO-96: multiplexed, root first
  void requested_otherNameWithoutNonce_onlyThatOneIsAnsweredFromThen() {
    assertThat(stream.asks("ROOTCA")).containsExactly("ROOTCA");
    assertThat(stream.acks("ROOTCA")).isEmpty();
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
  }

  @Test // SDS-12, SC-3, ISTIO-96: multiplexed, one name twice
  void requested_againWithoutNonce_isAnsweredAgain() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.asks("default")).containsExactly("default");
  }

  @Test // SDS-12, SC-8, ISTIO-96: reconnect
  void requested_firstWithNonceOfAnotherStream_isAnswered() {
    assertThat(stream.says("other-7", Optional.empty(), "default")).containsExactly("default");
  }

  @Test // SDS-12: before the first response no nonce can be stale
  void requested_foreignNonceBeforeAnyResponse_isASubscription() {
    assertThat(stream.asks("nobody")).isEmpty();
    assertThat(stream.says("other-7", Optional.empty(), "default")).containsExactly("default");
  }

  @ParameterizedTest // SDS-12: what a peer made of another stream's secrets is not about ours
  @ValueSource(strings = {"", "other-7"})
  void requested_firstWithError_isAnsweredAndNoNack(String nonce) {
    assertThat(stream.says(nonce, Optional.of("no"), "default")).containsExactly("default");
    assertThat(stream.answer()).isEmpty();
  }

  @Test // SDS-15, SC-9
  void requested_emptyListFirst_everythingUnderCanonicalNames() {
    assertThat(stream.asks()).containsExactly(WEB.toString(), "spiffe://example.org");
    assertThat(stream.acks()).isEmpty();
  }

  @Test // SDS-15, SC-9
  void requested_star_everythingAndTheNamesBesideIt() {
    assertThat(stream.asks("*", "default"))
        .containsExactly("default", WEB.toString(), "spiffe://example.org");
    assertThat(stream.acks("default", "*")).isEmpty();
  }

  @Test // SDS-15
  void changed_wildcardAndNewIdentity_onlyTheNewOneIsPushed() {
    var more = new Snapshot(List.of(svid(WEB, 1), svid(CART, 2)), Trust.of(anchors(EXAMPLE, 1)));

    assertThat(stream.asks("*")).hasSize(2);
    assertThat(stream.sees(more)).containsExactly(CART.toString());
  }

  @Test // SDS-15: the names replace the wildcard, but what was sent is still there
  void requested_wildcardNarrowedToNames_onlyNewNamesAreAnswered() {
    assertThat(stream.asks("*")).hasSize(2);
    assertThat(stream.acks(WEB.toString(), "default")).containsExactly("default");
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
  }

  @Test // SDS-15, SC-9, ISTIO-96: unsubscribe
  void requested_emptyListAfterNames_isSilenceUntilNamesComeBack() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.sees(snapshot(2, 2))).isEmpty();
    assertThat(stream.acks()).isEmpty();
    assertThat(stream.acks("default")).containsExactly("default");
  }

  @Test
  void requested_emptyListWithoutNonceAfterNames_isSilence() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.asks()).isEmpty();
  }

  @Test
  void requested_thousandNames_answersTheKnownOnes() {
    String[] names =
        IntStream.rangeClosed(1, 1000)
            .mapToObj(i -> i == 500 ? "default" : "name-" + i)
            .toArray(String[]::new);

    assertThat(stream.asks(names)).containsExactly("default");
  }
}
