package io.signet.sds;

import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.bundle;
import static io.signet.sds.Secrets.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Changes of content, and what ACKs, NACKs and their nonces do to them. */
class SubscriptionAnswersTest {
  private final Snapshot first = snapshot(1, 1);
  private final Dialogue stream = Dialogue.with(first);

  @Test // SDS-4, SC-7
  void changed_oneOfTwo_onlyThatOneIsPushed() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    assertThat(stream.acks("default", "ROOTCA")).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
  }

  @Test // SDS-4: an alias and its canonical name are two names of one content
  void changed_severalNamesOfOneSecret_allArePushed() {
    assertThat(stream.asks("default", WEB.toString(), "ROOTCA")).hasSize(3);
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default", WEB.toString());
  }

  @Test // SDS-4: made anew, but of the same content
  void changed_equalContent_isSilence() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    assertThat(stream.sees(snapshot(1, 1))).isEmpty();
  }

  @Test // SDS-7, SDS-16, SC-6
  void changed_secretsVanishAndReturnUnchanged_isSilence() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.sees(Snapshot.EMPTY)).isEmpty();
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.sees(first)).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
  }

  @Test // a peer that never answers still gets what is new
  void changed_withoutAck_isPushed() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
    assertThat(stream.sees(snapshot(3, 1))).containsExactly("default");
  }

  @Test // SDS-9
  void requested_ack_tellsVersionsOnce() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    Map<String, String> sent = stream.response().versions();

    assertThat(stream.acks("default", "ROOTCA")).isEmpty();
    assertThat(stream.answer()).contains(new Ack(sent));
    assertThat(stream.acks("default", "ROOTCA")).isEmpty();
    assertThat(stream.answer()).isEmpty();
  }

  @Test // SDS-9: the pair is reported, for the error names neither
  void requested_nack_tellsAllVersionsOfTheResponse() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    Map<String, String> sent = stream.response().versions();

    assertThat(stream.nacks("default", "ROOTCA")).isEmpty();
    assertThat(stream.answer()).contains(new Nack(sent, "cannot load"));
  }

  @Test // SDS-13, SC-10, ISTIO-96: nack
  void changed_afterNack_isSilenceUntilContentChanges() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.nacks("default")).isEmpty();
    assertThat(stream.nacks("default")).isEmpty();
    assertThat(stream.sees(first)).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
  }

  @Test // SDS-9, SDS-13: the other secret may have been at fault
  void changed_otherSecretAfterNack_rejectedContentIsTriedOnceMore() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    assertThat(stream.nacks("default", "ROOTCA")).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default", "ROOTCA");
    assertThat(stream.nacks("default", "ROOTCA")).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).isEmpty();
  }

  @Test // EF-1, SDS-13: Envoy asks for each secret of a context on a stream of its own
  void changed_otherSecretOfTheCallerAfterNack_rejectedContentIsTriedOnceMore() {
    assertThat(stream.asks("ROOTCA")).containsExactly("ROOTCA");
    assertThat(stream.nacks("ROOTCA")).isEmpty();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("ROOTCA");
  }

  @Test // SDS-10, SC-10: SPIRE once lost names sent with a NACK
  void requested_nackWithNewName_newNameIsAnsweredAndRejectedOneIsNot() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.nacks("default", "ROOTCA")).containsExactly("ROOTCA");
  }

  @Test // SDS-11: the names of a rejected response change later, with its nonce and no error
  void requested_nonceOfRejectedResponseWithoutError_isNoAck() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.nacks("default")).isEmpty();
    assertThat(stream.acks("default", "nobody")).isEmpty();
    assertThat(stream.answer()).isEmpty();
  }

  @Test // SDS-11: NACK = error present, also after an ACK
  void requested_nackAfterAck_isANack() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.acks("default")).isEmpty();
    assertThat(stream.nacks("default")).isEmpty();
    assertThat(stream.answer()).get().isInstanceOf(Nack.class);
  }

  @Test // SDS-13: a peer that rejects without nonce for ever is not answered for ever
  void requested_errorWithoutNonce_isANackOfTheLastResponse() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.says("", Optional.of("no"), "default")).isEmpty();
    assertThat(stream.answer()).get().isInstanceOf(Nack.class);
  }

  @Test // SDS-12, SC-11
  void requested_staleNonceWithOtherNames_namesAreIgnored() {
    assertThat(stream.asks("default")).containsExactly("default");
    String stale = stream.nonce();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");

    assertThat(stream.says(stale, Optional.empty(), "ROOTCA")).isEmpty();
    assertThat(stream.answer()).isEmpty();
    assertThat(stream.acks("default", "ROOTCA")).containsExactly("ROOTCA");
  }

  @Test // SDS-9, SDS-12: its names are stale, but the proxy does hold that root
  void requested_staleAckOfSecretThatWasNotReplaced_counts() {
    assertThat(stream.asks("ROOTCA", "default")).hasSize(2);
    String stale = stream.nonce();
    String root = bundle(EXAMPLE, 1).version();
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");

    assertThat(stream.says(stale, Optional.empty(), "ROOTCA", "default")).isEmpty();
    assertThat(stream.answer()).contains(new Ack(Map.of("ROOTCA", root)));
  }

  @Test // SDS-12
  void requested_unknownNonce_isIgnored() {
    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(stream.says("made-up", Optional.of("no"), "ROOTCA")).isEmpty();
    assertThat(stream.answer()).isEmpty();
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
  }

  @Test // SDS-5
  void withheld_untilSomethingChanges_isNeitherSentNorAcknowledged() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    String root = bundle(EXAMPLE, 1).version();
    stream.withholds("default");

    assertThat(stream.acks("default", "ROOTCA")).isEmpty();
    assertThat(stream.answer()).contains(new Ack(Map.of("ROOTCA", root)));
    assertThat(stream.sees(snapshot(2, 1))).containsExactly("default");
  }

  @Test // SDS-4, SDS-12
  void response_nonceAndVersion_areNewAndOfTheContent() {
    assertThat(stream.asks("default")).containsExactly("default");
    Response before = stream.response();
    assertThat(stream.asks("default")).containsExactly("default");

    assertThat(stream.response().nonce()).isNotEqualTo(before.nonce());
    assertThat(stream.response().version())
        .isEqualTo(before.version())
        .isEqualTo(first.svids().getFirst().version());
  }

  @Test // SC-4, SC-8, ISTIO-96: parallel
  void requested_onTwoStreams_doNotMeet() {
    var other = Dialogue.with(first);

    assertThat(stream.asks("default")).containsExactly("default");
    assertThat(other.asks("ROOTCA")).isEqualTo(List.of("ROOTCA"));
    assertThat(stream.sees(snapshot(1, 2))).isEmpty();
    assertThat(other.sees(snapshot(1, 2))).containsExactly("ROOTCA");
  }

  @Test // SDS-4: the same content in another order
  void response_ofSeveral_versionIsOfTheSetOfSecrets() {
    assertThat(stream.asks("default", "ROOTCA")).hasSize(2);
    String version = stream.response().version();
    assertThat(stream.asks("ROOTCA", "default")).hasSize(2);

    assertThat(stream.response().version()).isEqualTo(version).matches("[0-9a-f]{64}");
  }

  @Test // SDS-16
  void response_noSecret_refused() {
    assertThatThrownBy(() -> new Response("1", Map.of(), Set.of()))
        .hasMessageContaining("no secret");
  }

  @Test
  void toString_response_hidesTheKey() {
    assertThat(stream.asks("default")).hasSize(1);

    assertThat(stream.response().toString()).doesNotContain(Secrets.PRIVATE_KEY);
  }

  @Test // log injection
  void nack_hostileError_isShortAndOnOneLine() {
    var nack = new Nack(Map.of(), "no\nroot: \u001b[2J" + "x".repeat(10_000));

    assertThat(nack.error()).startsWith("no?root: ?[2Jx").hasSize(256);
  }
}
