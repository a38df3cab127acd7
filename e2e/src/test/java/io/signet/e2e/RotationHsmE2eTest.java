package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.e2e.RotatingMesh.Plan;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Started;
import io.signet.hsm.pkcs11.FaultyModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The HSM fails while the next root's key is made in it: the rotation holds and says why, everybody
 * gets certificates as before, and when it is back one key and one root come of it (KC-7, CT-4).
 */
@Tag("e2e")
final class RotationHsmE2eTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int SOME = 20;
  private static final String FOR_EVER = " 1000000";

  /** How far one gets, by what the library of the HSM does. */
  @SuppressWarnings("ImmutableEnumChecker") // an array, and nobody writes to it
  enum Outage {
    AWAY(
        "C_SignInit 0x32" + FOR_EVER,
        "C_FindObjectsInit 0x32" + FOR_EVER,
        "C_OpenSession 0xE0" + FOR_EVER,
        "C_GetTokenInfo 0xE0" + FOR_EVER),
    /** A key pair is made, and nothing can be stored with it. */
    AFTER_THE_KEY("C_CreateObject 0x32" + FOR_EVER),
    /** The key is there and does not sign, so its certificate cannot be made. */
    BEFORE_THE_CERTIFICATE("C_SignInit 0x32" + FOR_EVER, "C_Sign 0x32" + FOR_EVER);

    private final String[] orders;

    Outage(String... orders) {
      this.orders = orders;
    }
  }

  @TempDir private Path folder;
  @AutoClose private final Started started = new Started();
  private FaultyModule eastModule;
  private FaultyModule westModule;
  private RotatingMesh mesh;

  @BeforeEach
  void launch() throws IOException {
    eastModule = FaultyModule.build(Files.createDirectory(folder.resolve("east-module")));
    westModule = FaultyModule.build(Files.createDirectory(folder.resolve("west-module")));
    mesh = RotatingMesh.launch(folder, Plan.of(Api.GRPC, "2m").behind(eastModule, westModule));
    started.add(mesh::close);
  }

  @ParameterizedTest
  @EnumSource
  void rotation_hsmFailsInPrepared_holdsAndGoesOnWhenItIsBack(Outage outage) throws Exception {
    eastModule.order(outage.orders);
    westModule.order(outage.orders);
    begin();
    JsonNode held = heldWithAlarm();
    assertThat(mesh.keys())
        .hasSizeBetween(1, outage == Outage.AWAY ? 1 : 2); // each try begins anew
    assertThat(held.get("alarms").toString()).contains("root-").contains("pkcs11");
    assertThat(held.get("waits").toString()).contains("for the leader to make the key root-");
    assertIssued();

    eastModule.order();
    westModule.order();
    mesh.awaitOver(2);
    mesh.assertOneRootAndOneKey();
  }

  // Each server has to find the key in its own custodian before anybody trusts it.
  @Test
  void rotation_hsmOfWhoFollowsIsAway_namesItAndGoesOnWhenItIsBack() throws Exception {
    boolean eastLeads = mesh.eastServer().log().contains(" leads");
    FaultyModule other = eastLeads ? westModule : eastModule;
    other.order(Outage.AWAY.orders);
    begin();
    Await.until(
        "a laggard",
        LONG,
        () -> mesh.status().at("/progress/laggards/0/kind").asText().equalsIgnoreCase("replica"));
    assertThat(mesh.status().get("phase").asText()).isEqualTo("prepared");
    assertIssued();

    other.order();
    mesh.awaitOver(2);
    mesh.assertOneRootAndOneKey();
  }

  private void begin() throws IOException {
    var result = mesh.rotation("start", "--reason", "yearly", "--no-wait");
    assertThat(result.exit()).as(result.errors()).isZero();
  }

  /** How it stands at the server that leads, once it has tried. */
  private JsonNode heldWithAlarm() {
    List<JsonNode> held = new ArrayList<>();
    Await.until(
        "an alarm",
        LONG,
        () -> {
          for (SignetProcess each : mesh.servers()) held.add(RotatingMesh.status(each));
          held.removeIf(now -> now.get("alarms").isEmpty());
          return !held.isEmpty();
        });
    assertThat(held.getFirst().get("phase").asText()).isEqualTo("prepared");
    return held.getFirst();
  }

  // An issuing authority is in memory, and needs the root no sooner than in half of its life.
  private void assertIssued() throws Exception {
    for (SignetProcess each : mesh.servers()) {
      assertThat(each.get("/healthz/ready").statusCode()).isEqualTo(200);
    }
    try (Traffic traffic = mesh.traffic();
        CsrTraffic agent =
            CsrTraffic.start(
                mesh.eastFolder().socket(),
                folder.resolve("agent"),
                mesh.east().listenerPort("in"))) {
      traffic.awaitMore(SOME, LONG);
      agent.awaitMore(1, LONG);
    }
  }
}
