package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import com.nimbusds.jose.jwk.ECKey;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.oidc.FakeIssuer;
import io.signet.e2e.peers.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;

/** A whole server and an issuer of JWTs whose keys change, and which is not always there. */
@Tag("e2e")
@Execution(CONCURRENT)
final class JwtIssuerE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ECKey FIRST = FakeIssuer.key("first");
  private static final ECKey SECOND = FakeIssuer.key("second");
  private static final ECKey THIRD = FakeIssuer.key("third");

  @TempDir private Path folder;
  @AutoClose private final FakeIssuer issuer = new FakeIssuer(FIRST);
  @AutoClose private SignetProcess signet;
  @AutoClose private CsrClient client;
  private Csr csr;

  @BeforeEach
  void serve() throws IOException {
    var server = ServerFolder.create(folder.resolve("server"));
    String jwt =
        "jwt: [ { issuer: \"%s\", jwks-url: \"%s\" } ]\n".formatted(issuer.url(), issuer.jwksUrl());
    server.configureMore("limits: { per-identity: off }\n" + ServerFolder.attestation(jwt));
    signet = SignetProcess.serve(server.config());
    client = signet.client();
    csr = Csr.create(folder);
    awaitAnswer(FIRST, Code.OK); // from now on its keys are known
  }

  @Test
  void sign_issuerRotatesItsKeys_newOneTakenAndOldOneDroppedWithoutARestart() {
    issuer.publish(FIRST, SECOND);
    awaitAnswer(SECOND, Code.OK);
    assertSigned(FIRST);

    issuer.publish(SECOND, THIRD);
    awaitAnswer(THIRD, Code.OK);
    awaitAnswer(FIRST, Code.UNAUTHENTICATED);
  }

  // Whoever shows a key that is known notices nothing; for another nobody can tell.
  @Test
  void sign_issuerDown_knownKeysCountAndOthersAreUnavailableUntilItIsBack() {
    issuer.answer("/keys", 503, "");
    assertUnavailableAlsoWhenTheIssuerIsAsked();

    issuer.publish(FIRST, SECOND);
    awaitAnswer(SECOND, Code.OK);
  }

  @Test
  void sign_issuerSilent_knownKeysCountAndOthersAreAnsweredInTimeUntilItIsBack() {
    var back = new CountDownLatch(1);
    issuer.behave("/keys", _ -> back.await());
    assertUnavailableAlsoWhenTheIssuerIsAsked();

    back.countDown();
    issuer.publish(FIRST, SECOND);
    awaitAnswer(SECOND, Code.OK);
  }

  private void assertUnavailableAlsoWhenTheIssuerIsAsked() {
    int before = issuer.asked().size();
    Await.until(
        "the issuer to be asked",
        SOON,
        () -> {
          assertSigned(FIRST);
          assertThat(answer(SECOND)).isEqualTo(Code.UNAVAILABLE);
          return issuer.asked().size() > before;
        });
  }

  // It is not asked more often than every ten seconds, and until then nobody can tell.
  private void awaitAnswer(ECKey by, Code code) {
    Await.until(code + " for key " + by.getKeyID(), SOON, () -> answer(by) == code);
  }

  private Code answer(ECKey by) {
    try {
      assertSigned(by);
      return Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private void assertSigned(ECKey by) {
    assertThat(bearing(by).sign(csr).uris())
        .containsExactly("spiffe://example.org/ns/default/sa/web");
  }

  private CsrClient bearing(ECKey by) {
    return client.bearing(issuer.token(by, Clock.systemUTC()).token());
  }
}
