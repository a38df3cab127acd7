package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

// So that what hangs fails.
@Timeout(120)
class IssuerKeysTest {

  private static final String JWKS = "/openid/v1/jwks";
  private static final Duration VALID = Duration.ofMinutes(1);
  private static final Duration NEVER = Duration.ofHours(1);

  private final AtomicLong nanos = new AtomicLong();
  private final CountDownLatch released = new CountDownLatch(1);
  @TempDir Path directory;
  private FakeCluster cluster;
  private ApiClient client;
  private IssuerKeys keys;
  private final Background background = new Background();

  @BeforeEach
  void launch() throws IOException {
    cluster = new FakeCluster(directory);
    cluster.createServiceAccount("web");
    client = cluster.client();
    keys = keys(Duration.ofMillis(10), NEVER);
  }

  private IssuerKeys keys(Duration least, Duration usual) {
    return new IssuerKeys(client, new IssuerKeys.Pace(least, usual, VALID), nanos::get);
  }

  @AfterEach
  void close() throws InterruptedException {
    released.countDown();
    background.close();
    client.close();
    cluster.close();
  }

  private void start() throws InterruptedException {
    run();
    eventually("the keys", () -> keys.problem().isEmpty());
  }

  private void run() {
    background.run(keys);
  }

  private String token() {
    return cluster.token("web", Optional.empty(), List.of("istio-ca"));
  }

  @Test
  void issuerOf_tokenOfTheCluster_itsIssuer() throws Exception {
    start();
    assertThat(keys.issuerOf(token())).hasValue("https://kubernetes.default.svc");
    assertThat(keys.issuerOf(token() + "x")).isEmpty();
    assertThat(keys.issuerOf("a.b.c")).isEmpty();
  }

  @Test
  void issuerOf_keysNotFetchedYet_empty() {
    assertThat(keys.issuerOf(token())).isEmpty();
    assertThat(keys.problem()).hasValue("keys: not known yet");
  }

  // The token itself does not wait for that.
  @Test
  void issuerOf_unknownKid_fetchedSoonAndTheOldKeyForgotten() throws Exception {
    start();
    String old = token();
    cluster.rotateKey();
    String rotated = token();
    assertThat(keys.issuerOf(old)).isPresent();

    eventually("the new key", () -> keys.issuerOf(rotated).isPresent());
    assertThat(keys.issuerOf(old)).isEmpty();
  }

  @Test
  void run_afterAWhile_fetchedAgain() throws Exception {
    keys = keys(Duration.ofMillis(10), Duration.ofMillis(20));
    start();
    String old = token();
    cluster.rotateKey();
    eventually("the old key to be forgotten", () -> keys.issuerOf(old).isEmpty());
  }

  // Whoever sends tokens of unknown keys makes us ask no more often than we allow.
  @Test
  void issuerOf_manyUnknownKids_noMoreFetchesThanThePaceAllows() throws Exception {
    keys = keys(NEVER.dividedBy(2), NEVER);
    start();
    String foreign = token();
    cluster.rotateKey();
    String rotated = token();
    for (int i = 0; i < 1000; i++) {
      assertThat(keys.issuerOf(rotated)).isEmpty();
    }
    assertThat(cluster.count(JWKS)).isEqualTo(1);
    assertThat(keys.issuerOf(foreign)).isPresent();
  }

  @Test
  void issuerOf_keysCannotBeFetchedForLong_empty() throws Exception {
    start();
    String token = token();
    cluster.interfere((_, request) -> {
      if (request.contains(JWKS)) {
        released.await();
      }
      return false;
    });

    nanos.addAndGet(VALID.toNanos());
    assertThat(keys.issuerOf(token)).isPresent();
    nanos.addAndGet(1);
    assertThat(keys.issuerOf(token)).isEmpty();
    assertThat(keys.problem()).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          /openid/v1/jwks | 403 | ~~ | HTTP 403
          /openid/v1/jwks | 500 | ~~ | HTTP 500
          /openid/v1/jwks | 200 | <html> | no JWK set
          /openid/v1/jwks | 200 | {"keys":[]} | no JWK set
          /.well-known/openid-configuration | 404 | 404 page not found | HTTP 404
          /.well-known/openid-configuration | 200 | {} | no issuer
          /.well-known/openid-configuration | 200 | {"issuer":5} | no issuer
          /.well-known/openid-configuration | 200 | <html> | no issuer
          /.well-known/openid-configuration | 200 | null | no issuer
          """)
  void run_noKeys_toldAndTriedUntilThereAre(String path, int code, String body, String problem)
      throws Exception {
    cluster.interfere((exchange, request) -> {
      if (request.contains(path) && released.getCount() > 0) {
        FakeApiServer.respond(exchange, code, body);
        return true;
      }
      return false;
    });
    run();
    if (!problem.isEmpty()) {
      eventually("the problem", () -> keys.problem().filter(p -> p.contains(problem)).isPresent());
      assertThat(keys.issuerOf(token())).isEmpty();
    }

    released.countDown();
    eventually("the keys", () -> keys.issuerOf(token()).isPresent());
  }
}
