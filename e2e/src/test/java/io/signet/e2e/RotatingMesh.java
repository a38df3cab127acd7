package io.signet.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Peers;
import io.signet.e2e.peers.SoftHsm;
import io.signet.e2e.peers.Started;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Two servers at one PostgreSQL with their root in one SoftHSM, and an Envoy at each: that in the
 * west passes on to that in the east. Certificates live for twenty seconds.
 */
record RotatingMesh(
    SoftHsm hsm,
    EmbeddedPostgres postgres,
    ServerFolder eastFolder,
    ServerFolder westFolder,
    SignetProcess eastServer,
    SignetProcess westServer,
    Envoy east,
    Envoy west)
    implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String PIN = "471147";
  private static final String TOKEN = "a-token-of-an-administrator";
  private static final Duration LONG = Duration.ofMinutes(3);

  static final String EAST_ID = "spiffe://example.org/ns/shop/sa/east";
  static final String WEST_ID = "spiffe://example.org/ns/shop/sa/west";

  /**
   * Starts everything, and returns when both Envoys have their secrets.
   *
   * @param api by which both subscribe
   * @param deadline of each phase of a rotation
   */
  static RotatingMesh launch(Path folder, Api api, String deadline) throws IOException {
    var _ = Peers.require("envoy");
    try (var starting = new Started()) {
      SoftHsm hsm = SoftHsm.create();
      starting.add(hsm::close);
      hsm.initToken("signet", "12345678", PIN);
      EmbeddedPostgres postgres = EmbeddedPostgres.start();
      starting.add(postgres::close);
      Place east = new Place(folder.resolve("east"), EAST_ID, deadline);
      Place west = new Place(folder.resolve("west"), WEST_ID, deadline);
      ServerFolder eastFolder = east.configured(hsm, postgres);
      ServerFolder westFolder = west.configured(hsm, postgres);
      SignetProcess eastServer = SignetProcess.serve(eastFolder.config(), hsm.environment());
      starting.add(eastServer::close);
      SignetProcess westServer = SignetProcess.serve(westFolder.config(), hsm.environment());
      starting.add(westServer::close);
      Envoy server = Envoy.start(MeshConfig.server(source(eastFolder, api)).yaml());
      starting.add(server::close);
      server.awaitReady();
      Envoy client =
          Envoy.start(MeshConfig.client(source(westFolder, api), server.listenerPort("in")).yaml());
      starting.add(client::close);
      client.awaitReady();
      starting.keep();
      return new RotatingMesh(
          hsm, postgres, eastFolder, westFolder, eastServer, westServer, server, client);
    }
  }

  private static SdsSource source(ServerFolder folder, Api api) {
    return SdsSource.unix(folder.socket()).by(api);
  }

  /** Where one of the servers is, and who its caller is. */
  private record Place(Path path, String caller, String deadline) {
    ServerFolder configured(SoftHsm hsm, EmbeddedPostgres postgres) throws IOException {
      ServerFolder folder = ServerFolder.create(path);
      folder.secret("pin", PIN);
      folder.secret("token", TOKEN);
      folder.secret("db", "postgres");
      folder.configure(
          """
          keys:
            custodian: pkcs11
            pkcs11: { library: "%s", token: signet, pin-file: pin }
          store: { url: "jdbc:postgresql://127.0.0.1:%d/postgres", user: postgres, password-file: db }
          svid: { default-lifetime: 20s, max-lifetime: 20s }
          rotation: { window: 3s, deadline: %s }
          admin: { token-file: token }
          attestation:
            unix:
            - { uid: %s, id: "%s" }
          """
              .formatted(
                  hsm.library().toAbsolutePath(),
                  postgres.getPort(),
                  deadline,
                  Files.getAttribute(Path.of("/proc/self"), "unix:uid"),
                  caller));
      return folder;
    }
  }

  /** Starts to send requests through both; each end has to be told who the other is. */
  Traffic traffic() throws IOException {
    return Traffic.to(west.listenerPort("out"), "x-client: " + WEST_ID, "x-server: " + EAST_ID);
  }

  /** Runs a command of an administrator at the server in the west. */
  Command.Result rotation(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("rotation"));
    all.addAll(List.of(arguments));
    all.addAll(
        List.of(
            "--operator",
            "http://127.0.0.1:" + westFolder.operatorPort(),
            "--admin-token-file",
            westFolder.path().resolve("token").toString()));
    return SignetProcess.command(all.toArray(String[]::new));
  }

  /** How the rotation stands, as the server in the east tells it. */
  JsonNode status() throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + eastFolder.operatorPort() + "/v1/rotation");
    try {
      return JSON.readTree(
          HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Waits until this generation signs and nothing is left to do. */
  void awaitOver(int generation) {
    Await.until(
        "generation " + generation,
        LONG,
        () -> {
          JsonNode now = status();
          return now.get("phase").asText().equals("steady")
              && now.at("/active/generation").asInt() == generation
              && !now.has("doomed");
        });
  }

  /** Waits until the rotation is in this phase. */
  void awaitPhase(String phase) {
    Await.until("phase " + phase, LONG, () -> status().get("phase").asText().equals(phase));
  }

  /** The roots that everybody is told to trust. */
  List<X509Certificate> roots() throws IOException {
    return SignedChain.parse(Files.readString(eastFolder.bundle()));
  }

  @Override
  public void close() throws IOException {
    try (var all = new Started()) {
      all.add(hsm::close);
      all.add(postgres::close);
      all.add(eastServer::close);
      all.add(westServer::close);
      all.add(east::close);
      all.add(west::close);
    }
  }
}
