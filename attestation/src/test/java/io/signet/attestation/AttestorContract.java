package io.signet.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.spiffe.SpiffeId;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every attestor does; its own test extends this and adds what is particular to it. */
public abstract class AttestorContract {

  private static final int GARBAGE = 2_000;
  private static final int THREADS = 16;

  /** The attestor under test; each call may give the same. */
  protected abstract Attestor attestor();

  /** Evidence that the attestor proves. */
  protected abstract Evidence good();

  /** The identity that {@link #good} proves. */
  protected abstract SpiffeId identity();

  /** Evidence of the attestor's kind that proves nothing. */
  protected abstract Evidence garbage(Random random);

  @Test
  void attest_goodEvidence_provenWithItsIdentity() {
    assertThat(attestor().attest(good()))
        .asInstanceOf(type(Proven.class))
        .extracting(proven -> proven.proof().id())
        .isEqualTo(identity());
  }

  @Test
  void attest_evidenceOfAnotherKind_missing() {
    // An X.509 chain cannot be made here without a key; two kinds of three show the rule.
    Stream.of(new BearerToken("a.b.c", ""), new PeerCredentials(0, 0, 1))
        .filter(evidence -> evidence.getClass() != good().getClass())
        .forEach(evidence ->
            assertThat(attestor().attest(evidence))
                .asInstanceOf(type(Unproven.class))
                .extracting(Unproven::refusal)
                .isInstanceOf(Refusal.Missing.class));
  }

  @Test
  void attest_garbage_refusedWithOnePrintableLineThatHoldsNoToken() {
    Attestor attestor = attestor();
    var random = new Random(20261123);
    for (int i = 0; i < GARBAGE; i++) {
      Evidence garbage = garbage(random);
      assertThat(attestor.attest(garbage))
          .as("seed 20261123, number %d", i)
          .isInstanceOfSatisfying(
              Unproven.class, unproven -> requireHarmless(unproven.refusal().detail(), garbage));
    }
  }

  private static void requireHarmless(String detail, Evidence evidence) {
    assertThat(detail).isNotEmpty().matches("[ -~]+");
    if (evidence instanceof BearerToken bearer && bearer.token().length() >= 16) {
      assertThat(detail).doesNotContain(bearer.token());
    }
  }

  @Test
  void attest_sixteenThreads_eachGetsItsProof() throws Exception {
    Attestor attestor = attestor();
    Evidence good = good();
    Callable<List<Attestation>> caller =
        () -> IntStream.range(0, 20).mapToObj(_ -> attestor.attest(good)).toList();
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<List<Attestation>>> callers =
          IntStream.range(0, THREADS).mapToObj(_ -> caller).toList();
      for (Future<List<Attestation>> attestations : threads.invokeAll(callers)) {
        assertThat(attestations.get()).allMatch(Proven.class::isInstance);
      }
    }
  }

  /** Text for {@link #garbage}: noise, text with dots in it, and texts near to the good one. */
  protected static String noise(Random random, String near) {
    return switch (random.nextInt(4)) {
      case 0 -> characters(random, 0x20_00);
      case 1 -> characters(random, 0x7f);
      case 2 -> base64url(random) + '.' + base64url(random) + '.' + base64url(random);
      default -> changed(random, near);
    };
  }

  private static String characters(Random random, int limit) {
    return random
        .ints(random.nextInt(80), 0, limit)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static String base64url(Random random) {
    byte[] bytes = new byte[1 + random.nextInt(40)];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static String changed(Random random, String near) {
    var text = new StringBuilder(near);
    text.insert(random.nextInt(near.length() - 1), (char) ('A' + random.nextInt(60)));
    return text.toString();
  }
}
