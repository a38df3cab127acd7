package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.ECKey;
import io.signet.attestation.oidc.FakeIssuer;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams end with the tokens that they were opened with, and Envoy comes back with the next. */
@Tag("e2e")
final class EnvoyTokenRotationE2eTest {
  private static final ECKey KEY = FakeIssuer.key("issuer");
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration TOKEN_LIFE = Duration.ofMinutes(10);
  private static final Duration LEFT = Duration.ofSeconds(20);

  @TempDir private Path folder;
  @AutoClose private final FakeIssuer issuer = new FakeIssuer(KEY);

  /** An Envoy with traffic, whose token is in a file of its own. */
  private record Client(Path token, boolean isRenamed, Envoy envoy, Traffic traffic) {

    /** The next token, as whoever writes it for this kind of client has to put it in place. */
    void rotate(String next) throws IOException {
      if (isRenamed) {
        Path written = Files.writeString(token.resolveSibling(token.getFileName() + ".new"), next);
        Files.move(written, token, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.writeString(token, next);
      }
    }

    /** How many streams have brought the certificate. */
    long answers() throws IOException {
      return envoy.stat("sds.default.update_success");
    }
  }

  // SC-18, SC-21, SC-22, AUTH-3, AUTH-4, AUTH-6, SDS-8, SDS-12, SDS-18
  @Test
  void token_expiresAndIsRotated_streamsComeBackAndNoHandshakeFails() throws Exception {
    var server = ServerFolder.create(folder.resolve("server"));
    server.configureMore(
        ServerFolder.attestation(
            "jwt: [ { issuer: \"%s\", jwks-url: \"%s\" } ]\n"
                .formatted(issuer.url(), issuer.jwksUrl())));
    try (var signet = SignetProcess.serve(server.config());
        var all = new Started()) {
      List<Client> clients = clients(signet, all);
      for (Client client : clients) {
        Await.until("a stream with the next token", SOON, () -> client.answers() >= 2);
      }
      for (Client client : clients) {
        client.traffic().awaitMore(10, SOON);
        assertThat(client.envoy().total("\\.ssl\\.(connection_error|fail_verify_.*)$")).isZero();
        assertThat(client.envoy().total("^sds\\..*\\.update_rejected$")).isZero();
      }
      // Nobody came with the old one after its end.
      assertThat(signet.log()).doesNotContain("\"why\":\"UNAUTHENTICATED\"");
    }
  }

  private List<Client> clients(SignetProcess signet, Started all) throws IOException {
    List<Client> clients = new ArrayList<>();
    for (Api api : Api.values()) {
      Path google = folder.resolve("google-" + api);
      clients.add(client(google, false, SdsSource.google(signet, google).by(api), all));
      Path injected = folder.resolve("injected-" + api);
      clients.add(client(injected, true, SdsSource.injected(signet, injected).by(api), all));
    }
    return clients;
  }

  // Each begins with a token that soon ends, and is given the next one before that.
  private Client client(Path token, boolean isRenamed, SdsSource source, Started all)
      throws IOException {
    Files.writeString(token, token(Clock.offset(Clock.systemUTC(), LEFT.minus(TOKEN_LIFE))));
    var envoy = Envoy.start(MeshConfig.both(source, Ports.free()).yaml());
    all.add(envoy::close);
    envoy.awaitReady();
    var traffic = Traffic.to(envoy.listenerPort("out"));
    all.add(traffic::close);
    var client = new Client(token, isRenamed, envoy, traffic);
    assertThat(client.answers()).isEqualTo(1);
    client.rotate(token(Clock.systemUTC()));
    return client;
  }

  private String token(Clock clock) {
    return issuer.token(KEY, clock).token();
  }
}
