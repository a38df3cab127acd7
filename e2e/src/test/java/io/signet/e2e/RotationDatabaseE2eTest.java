package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.ca.testing.PostgresServer;
import io.signet.e2e.RotatingMesh.Plan;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Relay;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The database of a mesh goes away in the middle of a rotation and comes back: proxies keep what
 * they have and go on connecting, nothing is issued meanwhile, and the rotation ends right (ISS-2,
 * ISS-10).
 */
@Tag("e2e")
final class RotationDatabaseE2eTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int SOME = 20;

  @TempDir private Path folder;
  @AutoClose private final Started started = new Started();
  private PostgresServer postgres;

  @BeforeEach
  void start() throws IOException {
    postgres = PostgresServer.start(Files.createDirectory(folder.resolve("postgres")));
    started.add(postgres::close);
  }

  // What proxies have lasts for longer than any outage here; the agent asks for less.
  private RotatingMesh launch(String store) throws IOException {
    RotatingMesh mesh =
        RotatingMesh.launch(folder, Plan.of(Api.GRPC, "1m").living("5m").approved().at(store));
    started.add(mesh::close);
    return mesh;
  }

  @ParameterizedTest
  @ValueSource(strings = {"published", "activated"})
  void rotation_databaseCrashes_goesOnWhenItIsBack(String phase) throws Exception {
    RotatingMesh mesh = launch(RotatingMesh.address(postgres.port()));
    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent = agent(mesh)) {
      holdIn(mesh, phase, agent);
      postgres.crash();
      awaitNothingIsIssued(mesh);
      traffic.awaitMore(SOME, LONG);

      postgres.start();
      endsRight(mesh, traffic, agent);
    }
  }

  // What the relay holds arrives after all when it lets go: also what servers had given up.
  @Test
  void rotation_databaseHangsAndThenIsSlow_goesOn() throws Exception {
    Relay relay = Relay.before(postgres.port());
    started.add(relay::close);
    RotatingMesh mesh = launch(RotatingMesh.address(relay.port()));
    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent = agent(mesh)) {
      holdIn(mesh, "published", agent);
      relay.hold();
      awaitNothingIsIssued(mesh);
      traffic.awaitMore(SOME, LONG);

      relay.slow(Duration.ofMillis(10));
      endsRight(mesh, traffic, agent);
    }
  }

  // A standby that streams every commit takes over; the servers know the addresses of both.
  @Test
  void rotation_databaseFailsOver_goesOnAtTheStandby() throws Exception {
    PostgresServer standby = postgres.standby(Files.createDirectory(folder.resolve("standby")));
    started.add(standby::close);
    RotatingMesh mesh = launch(RotatingMesh.address(postgres.port(), standby.port()));
    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent = agent(mesh)) {
      holdIn(mesh, "published", agent);
      postgres.crash();
      awaitNothingIsIssued(mesh);

      standby.promote();
      endsRight(mesh, traffic, agent);
    }
  }

  private CsrTraffic agent(RotatingMesh mesh) throws Exception {
    return CsrTraffic.start(
        mesh.eastFolder().socket(), folder.resolve("agent"), mesh.east().listenerPort("in"));
  }

  // It stays in this phase, as nobody approves it.
  private void holdIn(RotatingMesh mesh, String phase, CsrTraffic agent) throws IOException {
    agent.awaitMore(1, LONG);
    var result = mesh.rotation("start", "--reason", "yearly", "--no-wait");
    assertThat(result.exit()).as(result.errors()).isZero();
    mesh.approveUntil(phase);
  }

  private static void awaitNothingIsIssued(RotatingMesh mesh) throws IOException {
    for (SignetProcess each : mesh.servers()) {
      Await.until("an unready server", LONG, () -> each.get("/healthz/ready").statusCode() == 503);
      assertThat(each.readiness())
          .contains("database " + mesh.store())
          .contains("it is used again as soon as it answers");
      assertThatThrownBy(() -> ask(each))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE));
    }
  }

  private static SignedChain ask(SignetProcess server) throws IOException {
    Path folder = Files.createTempDirectory(server.dataDirectory(), "csr");
    try (CsrClient client = CsrClient.unix(server.socket())) {
      return client.sign(Csr.create(folder));
    }
  }

  private static void endsRight(RotatingMesh mesh, Traffic traffic, CsrTraffic agent)
      throws IOException {
    mesh.approveUntil("steady");
    mesh.awaitOver(2);
    traffic.awaitMore(SOME, LONG);
    agent.awaitMore(SOME, LONG);
    for (SignetProcess each : mesh.servers()) {
      Await.until("a ready server", LONG, () -> each.get("/healthz/ready").statusCode() == 200);
    }
    mesh.assertOneRootAndOneKey();
  }
}
