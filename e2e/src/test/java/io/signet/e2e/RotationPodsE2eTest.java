package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.attestation.kubernetes.TestCluster.Kind;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whom a rotation waits for among the pods of a real API server, by the rights of our manifests.
 */
@Tag("e2e")
final class RotationPodsE2eTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  // The cluster is asked once a minute.
  private static final Duration NEXT_LOOK = Duration.ofSeconds(100);
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart ";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path shared;
  @AutoClose private static RealCluster cluster;
  @AutoClose private static SignetProcess signet;
  private static ServerFolder folder;
  private static Csr csr;

  @BeforeAll
  static void launch() throws IOException {
    cluster = RealCluster.launch();
    cluster.createNode("node-1");
    cluster.createServiceAccount("cart");
    folder = ServerFolder.create(shared.resolve("server"));
    var _ = folder.secret("token", "a-token-of-an-administrator");
    folder.configureMore(
        """
        svid: { default-lifetime: 1h, max-lifetime: 1h }
        admin: { token-file: token }
        """
            + ServerFolder.attestation(
                """
                kubernetes:
                - { cluster: main, kubeconfig: "%s" }
                """
                    .formatted(cluster.kubeconfig())));
    signet = SignetProcess.serve(folder.config());
    csr = Csr.create(shared);
  }

  @Test
  void rotation_podIsDeleted_notWaitedForAnyMoreWhileTheOtherIs() throws Exception {
    String stays = cluster.createPod("stays", "cart", "node-1");
    String leaves = cluster.createPod("leaves", "cart", "node-1");
    sign("stays");
    sign("leaves");
    Command.Result started =
        SignetProcess.command(
            "rotation",
            "start",
            "--reason",
            "yearly",
            "--no-wait",
            "--operator",
            "http://127.0.0.1:" + folder.operatorPort(),
            "--admin-token-file",
            folder.path().resolve("token").toString());
    assertThat(started.exit()).as(started.output()).isZero();
    Await.until("both to be waited for", SOON, () -> waitedFor().size() == 2);
    assertThat(waitedFor()).containsExactlyInAnyOrder(CART + stays, CART + leaves);

    cluster.delete(Kind.POD, "leaves");
    Await.until("one to be waited for", NEXT_LOOK, () -> waitedFor().size() == 1);
    assertThat(waitedFor()).containsExactly(CART + stays);
    assertThat(signet.log()).contains(CART + leaves);

    sign("stays");
    Await.until("the new root to sign", SOON, () -> phase().equals("activated"));
    sign("stays");
    Await.until("the old root to retire", SOON, () -> phase().equals("retiring"));
    sign("stays");
    Await.until("the end", SOON, () -> phase().equals("steady"));
  }

  private static void sign(String pod) throws IOException {
    String token =
        cluster.token("cart", Optional.of(new Bound(Kind.POD, pod)), List.of("istio-ca"));
    try (CsrClient client = signet.client().bearing(token).ofCluster("main")) {
      assertThat(client.sign(csr).uris()).hasSize(1);
    }
  }

  private static String phase() throws IOException {
    return status().get("phase").asText();
  }

  private static List<String> waitedFor() throws IOException {
    List<String> names = new ArrayList<>();
    status().at("/progress/laggards").forEach(laggard -> names.add(laggard.get("name").asText()));
    return names;
  }

  private static JsonNode status() throws IOException {
    return JSON.readTree(signet.get("/v1/rotation").body());
  }
}
