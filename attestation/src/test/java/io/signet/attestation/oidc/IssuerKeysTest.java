package io.signet.attestation.oidc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.ECKey;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Unavailable;
import io.signet.attestation.TestClock;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that are read again: what becomes of tokens when they change or cannot be had. */
class IssuerKeysTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final ECKey FIRST = FakeIssuer.key("first");
  private static final ECKey SECOND = FakeIssuer.key("second");
  private static final ECKey UNKNOWN = FakeIssuer.key("unknown");

  private final TestClock clock = new TestClock(NOW);
  @AutoClose private final FakeIssuer issuer = new FakeIssuer(FIRST);
  @AutoClose private IssuerKeys keys = fetched(issuer);

  @TempDir private Path folder;

  private IssuerKeys fetched(FakeIssuer issuer) {
    try {
      return IssuerKeys.at(issuer.jwksUrl(), Optional.empty(), clock);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  // ISTIO-94: made with the address of the keys, and nobody asked before they are needed.
  @Test
  void attest_firstToken_keysReadForIt() {
    assertProven(FIRST);
    assertProven(FIRST);

    assertThat(issuer.asked()).containsExactly("/keys");
  }

  @Test
  void attest_keysRotated_newKeyFetchedAndOldOneGone() {
    assertProven(FIRST);
    issuer.publish(SECOND);
    clock.advance(Duration.ofMinutes(1));

    assertProven(SECOND);
    assertInvalid(FIRST, "kid: \"first\" (expected: one of [second])");
    assertThat(issuer.asked()).hasSize(2);
  }

  // Anybody can make up a key id: that must not become a flood of requests for the issuer.
  @Test
  void attest_unknownKeys_issuerAskedEveryTenSeconds() {
    assertProven(FIRST);
    clock.advance(IssuerKeys.PAUSE);
    assertInvalid(UNKNOWN, "kid: \"unknown\" (expected: one of [first])");

    clock.advance(IssuerKeys.PAUSE.minusMillis(1));
    // ISTIO-32: the key may have come since then, so this is not known to be wrong.
    assertUnavailable(UNKNOWN, "read 9 s ago (expected: at least 10 s)");
    assertProven(FIRST);
    assertThat(issuer.asked()).hasSize(2);

    clock.advance(Duration.ofMillis(1));
    assertInvalid(UNKNOWN, "kid");
    assertThat(issuer.asked()).hasSize(3);
  }

  @Test
  void attest_expiredTokenOfAnUnknownKey_nobodyAsked() {
    assertProven(FIRST);
    var old = issuer.token(UNKNOWN, clock);
    clock.advance(Duration.ofMinutes(10));

    assertThat(attestor().attest(old)).asString().contains("Invalid", "exp: ");
    assertThat(issuer.asked()).hasSize(1);
  }

  // ISTIO-94: the server starts without its issuers, where istiod gives up if discovery fails: the
  // callers of the others must be served, and this one may come back.
  @Test
  void attest_neverRead_unavailableUntilIssuerIsBack() {
    issuer.answer("/keys", 503, "");
    assertUnavailable(FIRST, issuer.jwksUrl() + ": status 503 (expected: 200)");
    assertThat(keys.problem()).contains(issuer.jwksUrl() + ": status 503 (expected: 200)");

    issuer.publish(FIRST);
    clock.advance(IssuerKeys.PAUSE);
    assertProven(FIRST);
    assertThat(keys.problem()).isEmpty();
  }

  @Test
  void attest_outage_lastGoodKeysCountForFourHours() {
    assertProven(FIRST);
    issuer.answer("/keys", 500, "");

    clock.advance(IssuerKeys.GOOD_FOR);
    assertThatThrownBy(() -> keys.refresh()).hasMessageContaining("status 500");
    assertProven(FIRST);

    clock.advance(Duration.ofMillis(1));
    assertUnavailable(FIRST, "status 500");

    issuer.publish(FIRST);
    clock.advance(IssuerKeys.PAUSE);
    assertProven(FIRST);
  }

  // ISTIO-32: whether that key is good, only the issuer knows.
  @Test
  void attest_unknownKeyInAnOutage_unavailable() {
    assertProven(FIRST);
    issuer.answer("/keys", 500, "");
    clock.advance(Duration.ofMinutes(1));

    assertUnavailable(SECOND, "status 500");
  }

  @Test
  void attest_manyTokensOfANewKey_oneReadingForAll() throws Exception {
    assertProven(FIRST);
    clock.advance(Duration.ofMinutes(1));
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    String rotated = FakeIssuer.jwks(FIRST, SECOND);
    issuer.behave(
        "/keys",
        exchange -> {
          begun.countDown();
          goOn.await();
          exchange.sendResponseHeaders(200, rotated.length());
          exchange.getResponseBody().write(rotated.getBytes(UTF_8));
        });
    JwtAttestor attestor = attestor();
    var token = issuer.token(SECOND, clock);
    Callable<Attestation> caller = () -> attestor.attest(token);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Attestation> first = threads.submit(caller);
      begun.await();
      // These come while the keys are being read, and later by the clock too.
      clock.advance(Duration.ofMillis(1));
      List<Future<Attestation>> others =
          Stream.generate(() -> threads.submit(caller)).limit(20).toList();
      // A known key waits for nobody.
      assertProven(FIRST);
      goOn.countDown();
      assertThat(first.get()).isInstanceOf(Proven.class);
      for (Future<Attestation> other : others) {
        assertThat(other.get()).isInstanceOf(Proven.class);
      }
    }
    assertThat(issuer.asked()).hasSize(2);
  }

  @Test
  void refresh_setOfNoUse_lastGoodStays() throws Exception {
    keys.refresh();
    for (String bad :
        List.of("", "<html>", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}")) {
      issuer.answer("/keys", 200, bad);
      assertThatThrownBy(() -> keys.refresh()).isInstanceOf(IOException.class);
      assertThat(keys.problem()).isPresent();
      assertProven(FIRST);
    }
  }

  @Test
  void refresh_nothingChanged_goodForFourHoursMore() throws Exception {
    assertProven(FIRST);
    clock.advance(Duration.ofHours(3));
    keys.refresh();
    clock.advance(Duration.ofHours(3));

    assertProven(FIRST);
  }

  @Test
  void due_afterEachReading_fiveMinutesLater() throws Exception {
    assertThat(keys.due()).isEqualTo(NOW);

    keys.refresh();
    assertThat(keys.due()).isEqualTo(NOW.plus(Duration.ofMinutes(5)));

    // A clock that is set back must not put it off.
    clock.advance(Duration.ofHours(-1));
    assertThat(keys.due()).isEqualTo(clock.instant());
  }

  @Test
  void attest_clockSetBack_unknownKeyIsStillAskedFor() {
    assertProven(FIRST);
    issuer.publish(SECOND);
    clock.advance(Duration.ofHours(-1));
    assertThatCode(() -> keys.refresh()).doesNotThrowAnyException();

    assertProven(SECOND);
  }

  @Test
  void inFile_changed_newKeysCount() throws Exception {
    Path file = Files.writeString(folder.resolve("jwks.json"), FakeIssuer.jwks(FIRST));
    keys = IssuerKeys.inFile(file, clock);
    keys.refresh();
    assertProven(FIRST);
    assertThat(keys.due()).isEqualTo(NOW.plusSeconds(10));

    Files.writeString(file, FakeIssuer.jwks(SECOND));
    clock.advance(Duration.ofMillis(1));
    assertProven(SECOND);
    assertInvalid(FIRST, "kid: \"first\" (expected: one of [second])");
  }

  // A file can be asked again and again, so what it does not hold is known to be wrong.
  @Test
  void inFile_unknownKeysOneAfterTheOther_invalid() throws Exception {
    Path file = Files.writeString(folder.resolve("jwks.json"), FakeIssuer.jwks(FIRST));
    keys = IssuerKeys.inFile(file, clock);
    keys.refresh();
    for (int i = 0; i < 3; i++) {
      clock.advance(Duration.ofMillis(1));
      assertInvalid(UNKNOWN, "kid: \"unknown\" (expected: one of [first])");
    }
  }

  @Test
  void inFile_emptiedOrGone_lastGoodStays() throws Exception {
    Path file = Files.writeString(folder.resolve("jwks.json"), FakeIssuer.jwks(FIRST));
    keys = IssuerKeys.inFile(file, clock);
    keys.refresh();

    Files.writeString(file, "");
    assertThatThrownBy(() -> keys.refresh())
        .hasMessage(file + ": jwks: not a JWK set (expected: RFC 7517, section 5)");
    assertProven(FIRST);

    Files.delete(file);
    assertThatThrownBy(() -> keys.refresh()).isInstanceOf(NoSuchFileException.class);
    assertProven(FIRST);
  }

  // What is read is not ours: whatever its parser throws is a failed reading, for everybody.
  @Test
  void attest_sourceThrowsUnchecked_unavailable() {
    var times = new AtomicInteger();
    keys =
        new IssuerKeys(
            "source",
            () -> {
              throw new IllegalStateException("thrown by this test " + times.incrementAndGet());
            },
            Duration.ofMinutes(5),
            IssuerKeys.PAUSE,
            clock);

    assertUnavailable(FIRST, "source: thrown by this test 1");
    assertUnavailable(FIRST, "source: read 0 s ago, source: thrown by this test 1");
  }

  private void assertProven(ECKey key) {
    assertThat(attest(key)).isInstanceOf(Proven.class);
  }

  private void assertInvalid(ECKey key, String detail) {
    assertThat(attest(key))
        .isInstanceOfSatisfying(
            Unproven.class,
            unproven ->
                assertThat(unproven.refusal())
                    .isInstanceOf(Invalid.class)
                    .asString()
                    .contains(detail));
  }

  private void assertUnavailable(ECKey key, String detail) {
    assertThat(attest(key))
        .isInstanceOfSatisfying(
            Unproven.class,
            unproven ->
                assertThat(unproven.refusal())
                    .isInstanceOf(Unavailable.class)
                    .asString()
                    .contains(detail));
  }

  private Attestation attest(ECKey key) {
    return attestor().attest(issuer.token(key, clock));
  }

  private JwtAttestor attestor() {
    return new JwtAttestor(
        new TrustedIssuer(issuer.url(), FakeIssuer.AUDIENCE),
        keys,
        new TrustDomain("example.org"),
        clock);
  }
}
