package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever fails in the middle of a rotation: it ends right, and leaves nothing behind. */
@Tag("e2e")
final class RotationFaultsE2eTest {
  @TempDir private Path folder;
  @AutoClose private final Started started = new Started();
  private RotatingMesh mesh;

  @BeforeEach
  void launch() throws IOException {
    mesh = RotatingMesh.launch(folder, Api.GRPC, "5s");
    started.add(mesh::close);
  }

  // KC-7
  @Test
  void rotation_bothServersAreKilled_endsWithOneRootAndOneKey() throws Exception {
    mesh.west().process().freeze(); // it goes no further than to here
    begin();
    mesh.awaitPhase("published");
    mesh.eastServer().kill();
    mesh.westServer().kill();

    mesh.eastServer().start();
    mesh.westServer().start();
    mesh.west().process().thaw();
    mesh.awaitOver(2);
    mesh.assertOneRootAndOneKey();
  }

  @Test
  void rotation_theLeaderIsKilled_theOtherGoesOn() throws Exception {
    mesh.west().process().freeze();
    begin();
    mesh.awaitPhase("published");
    boolean eastLeads = mesh.eastServer().log().contains(" leads");
    SignetProcess leader = eastLeads ? mesh.eastServer() : mesh.westServer();
    leader.kill();
    mesh.west().process().thaw();

    // Nobody but the other one is left to begin the next phase; then it waits for who was killed.
    leader.start();
    mesh.awaitOver(2);
    mesh.assertOneRootAndOneKey();
  }

  // As a container that is paused: its machine goes on to answer the database for it.
  @Test
  void rotation_theLeaderIsFrozen_theOtherLeadsAndItFollowsWhenItWakes() throws Exception {
    boolean eastLeads = mesh.eastServer().log().contains(" leads");
    SignetProcess leader = eastLeads ? mesh.eastServer() : mesh.westServer();
    SignetProcess other = eastLeads ? mesh.westServer() : mesh.eastServer();
    mesh.west().process().freeze();
    begin();
    mesh.awaitPhase("published");
    leader.process().freeze();

    Await.until("another leader", Duration.ofMinutes(1), () -> other.log().contains(" leads"));
    leader.process().thaw();
    mesh.west().process().thaw();
    mesh.awaitOver(2);
    mesh.assertOneRootAndOneKey();
    Await.until(
        "it to follow",
        Duration.ofMinutes(1),
        () -> leader.log().contains(" does not lead any more"));
  }

  private void begin() throws IOException {
    var result = mesh.rotation("start", "--reason", "yearly", "--no-wait");
    assertThat(result.exit()).as(result.errors()).isZero();
  }
}
