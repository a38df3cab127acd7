package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A root is replaced under traffic, on two servers, and waits for whoever does not follow. */
@Tag("e2e")
final class RotationE2eTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir private Path folder;
  @AutoClose private final Started started = new Started();

  private RotatingMesh launch(Api api, String deadline) throws IOException {
    RotatingMesh mesh = RotatingMesh.launch(folder, api, deadline);
    started.add(mesh::close);
    return mesh;
  }

  // ISTIO-71 to 74
  @ParameterizedTest
  @EnumSource
  void rotation_underTraffic_noHandshakeFailsAndTheOldRootIsGone(Api api) throws Exception {
    RotatingMesh mesh = launch(api, "2m");
    X509Certificate old = mesh.roots().getFirst();
    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent =
            CsrTraffic.start(
                mesh.eastFolder().socket(),
                folder.resolve("agent"),
                mesh.east().listenerPort("in"))) {
      traffic.awaitMore(50, LONG);
      agent.awaitMore(5, LONG);

      assertDone(mesh.rotation("start", "--reason", "yearly", "--no-wait"));
      mesh.awaitOver(2);

      traffic.awaitMore(50, LONG);
      agent.awaitMore(5, LONG);
    }
    assertThat(mesh.roots()).hasSize(1).doesNotContain(old);
    mesh.awaitWithout(old);
  }

  @Test
  void rotation_oneEnvoyIsFrozen_holdsAndNamesItAndGoesOnWhenItWakes() throws Exception {
    RotatingMesh mesh = launch(Api.GRPC, "5s");
    mesh.west().process().freeze();

    assertDone(mesh.rotation("start", "--reason", "yearly", "--no-wait"));
    awaitAlarm(mesh, "published");
    assertThat(mesh.status().at("/progress/laggards/0/name").asText())
        .startsWith(RotatingMesh.WEST_ID);
    Command.Result status = mesh.rotation("status");
    assertThat(status.exit()).isOne();
    assertThat(status.output()).contains(RotatingMesh.WEST_ID);

    mesh.west().process().thaw();
    mesh.awaitOver(2);
    try (Traffic traffic = mesh.traffic()) {
      traffic.awaitMore(20, LONG);
    }
  }

  @Test
  void force_oneEnvoyIsFrozen_goesOnWithoutItAndSaysSo() throws Exception {
    RotatingMesh mesh = launch(Api.DELTA_GRPC, "5s");
    mesh.west().process().freeze();
    assertDone(mesh.rotation("start", "--reason", "yearly", "--no-wait"));
    awaitAlarm(mesh, "published");

    assertDone(mesh.rotation("force", "--reason", "that machine is lost", "--no-wait"));
    mesh.awaitPhase("activated");
    assertThat(history(mesh))
        .contains("that machine is lost")
        .contains("did not acknowledge bundle 2"); // a server may not have followed yet either

    mesh.west().process().thaw();
    mesh.awaitOver(2);
  }

  @Test
  void cancel_whilePublished_theOldRootStaysAndTheNewKeyIsDestroyed() throws Exception {
    RotatingMesh mesh = launch(Api.GRPC, "2m");
    X509Certificate old = mesh.roots().getFirst();
    mesh.west().process().freeze();
    assertDone(mesh.rotation("start", "--reason", "yearly", "--no-wait"));
    mesh.awaitPhase("published");

    assertDone(mesh.rotation("cancel", "--reason", "not today"));
    mesh.west().process().thaw();
    mesh.awaitOver(1);
    Await.until("the old bundle", LONG, () -> mesh.roots().equals(List.of(old)));
    assertThat(
            mesh.hsm()
                .pkcs11Tool("--login", "--pin", "471147", "--list-objects", "--type", "privkey"))
        .containsOnlyOnce("Private Key Object; EC");
  }

  private static void awaitAlarm(RotatingMesh mesh, String phase) {
    Await.until(
        "an alarm in phase " + phase,
        LONG,
        () -> {
          JsonNode now = mesh.status();
          return now.get("phase").asText().equals(phase) && !now.get("alarms").isEmpty();
        });
  }

  private static String history(RotatingMesh mesh) throws IOException {
    return mesh.status().get("history").toString();
  }

  private static void assertDone(Command.Result result) {
    assertThat(result.exit()).as(result.errors()).isZero();
  }
}
