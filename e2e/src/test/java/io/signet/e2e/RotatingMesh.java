package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Peers;
import io.signet.e2e.peers.SoftHsm;
import io.signet.e2e.peers.Started;
import io.signet.hsm.pkcs11.FaultyModule;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Two servers at one PostgreSQL with their root in one SoftHSM, and an Envoy at each: that in the
 * west passes on to that in the east.
 *
 * @param below what the servers stand on
 */
record RotatingMesh(
    SoftHsm hsm,
    String store,
    Started below,
    ServerFolder eastFolder,
    ServerFolder westFolder,
    SignetProcess eastServer,
    SignetProcess westServer,
    Envoy east,
    Envoy west)
    implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PIN = "471147";
  private static final String TOKEN = "a-token-of-an-administrator";
  // Half of it is enough for the agent to ask again, also on a machine that has other work.
  private static final String COMPROMISED_DEADLINE = "30s";
  private static final Duration LONG = Duration.ofMinutes(3);

  static final String EAST_ID = "spiffe://example.org/ns/shop/sa/east";
  static final String WEST_ID = "spiffe://example.org/ns/shop/sa/west";

  /**
   * How a mesh is made.
   *
   * @param api by which both Envoys subscribe
   * @param deadline of each phase of a rotation
   * @param life of the certificates
   * @param policy whether phases wait for a person
   * @param store the address of a PostgreSQL that is there, of user {@code postgres}; else it gets
   *     one of its own
   * @param eastModule stands before the HSM of the server in the east
   * @param westModule likewise in the west
   * @param proofs who else is attested and how, as lines of YAML
   */
  record Plan(
      Api api,
      String deadline,
      String life,
      String policy,
      Optional<String> store,
      Optional<FaultyModule> eastModule,
      Optional<FaultyModule> westModule,
      String proofs) {
    /** Certificates live for twenty seconds. */
    static Plan of(Api api, String deadline) {
      return new Plan(
          api,
          deadline,
          "20s",
          "automatic",
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          "");
    }

    Plan living(String life) {
      return new Plan(api, deadline, life, policy, store, eastModule, westModule, proofs);
    }

    /** Each phase waits for a person. */
    Plan approved() {
      return new Plan(api, deadline, life, "approve", store, eastModule, westModule, proofs);
    }

    Plan at(String store) {
      return new Plan(
          api, deadline, life, policy, Optional.of(store), eastModule, westModule, proofs);
    }

    /** Others than the user who runs this are attested too, in this section of YAML. */
    Plan attesting(String proofs) {
      return new Plan(api, deadline, life, policy, store, eastModule, westModule, proofs);
    }

    Plan behind(FaultyModule east, FaultyModule west) {
      return new Plan(
          api, deadline, life, policy, store, Optional.of(east), Optional.of(west), proofs);
    }
  }

  /** As {@link #launch(Path, Plan)}; certificates live for twenty seconds. */
  static RotatingMesh launch(Path folder, Api api, String deadline) throws IOException {
    return launch(folder, Plan.of(api, deadline));
  }

  /** Starts everything, and returns when both Envoys have their secrets. */
  static RotatingMesh launch(Path folder, Plan plan) throws IOException {
    var _ = Peers.require("envoy");
    try (var starting = new Started()) {
      var below = new Started();
      starting.add(below::close);
      SoftHsm hsm = SoftHsm.create();
      below.add(hsm::close);
      hsm.initToken("signet", "12345678", PIN);
      String store = plan.store().isPresent() ? plan.store().get() : database(below);
      Place east = new Place(folder.resolve("east"), EAST_ID, plan.eastModule());
      Place west = new Place(folder.resolve("west"), WEST_ID, plan.westModule());
      ServerFolder eastFolder = east.configured(hsm, store, plan);
      ServerFolder westFolder = west.configured(hsm, store, plan);
      SignetProcess eastServer = SignetProcess.serve(eastFolder.config(), east.environment(hsm));
      starting.add(eastServer::close);
      SignetProcess westServer = SignetProcess.serve(westFolder.config(), west.environment(hsm));
      starting.add(westServer::close);
      Envoy server = Envoy.start(MeshConfig.server(source(eastFolder, plan.api())).yaml());
      starting.add(server::close);
      server.awaitReady();
      Envoy client =
          Envoy.start(
              MeshConfig.client(source(westFolder, plan.api()), server.listenerPort("in")).yaml());
      starting.add(client::close);
      client.awaitReady();
      starting.keep();
      return new RotatingMesh(
          hsm, store, below, eastFolder, westFolder, eastServer, westServer, server, client);
    }
  }

  private static String database(Started below) throws IOException {
    EmbeddedPostgres postgres = EmbeddedPostgres.start();
    below.add(postgres::close);
    return address(postgres.getPort());
  }

  /** The address of a database of user {@code postgres} at these ports. */
  static String address(int... ports) {
    return IntStream.of(ports)
        .mapToObj(port -> "127.0.0.1:" + port)
        .collect(Collectors.joining(",", "jdbc:postgresql://", "/postgres"));
  }

  private static SdsSource source(ServerFolder folder, Api api) {
    return SdsSource.unix(folder.socket()).by(api);
  }

  /** Where one of the servers is, who its caller is, and what is between it and the HSM. */
  private record Place(Path path, String caller, Optional<FaultyModule> module) {
    ServerFolder configured(SoftHsm hsm, String store, Plan plan) throws IOException {
      ServerFolder folder = ServerFolder.create(path);
      folder.secret("pin", PIN);
      folder.secret("token", TOKEN);
      folder.secret("db", "postgres");
      folder.configure(
          """
          keys:
            custodian: pkcs11
            pkcs11: { library: "%s", token: signet, pin-file: pin }
          store: { url: "%s", user: postgres, password-file: db }
          svid: { default-lifetime: %s, max-lifetime: %s }
          rotation: { window: 3s, deadline: %s, compromised-deadline: %s, policy: %s }
          admin: { token-file: token }
          attestation:
            unix:
            - { uid: %s, id: "%s" }
          %s\
          """
              .formatted(
                  module.map(FaultyModule::library).orElseGet(hsm::library).toAbsolutePath(),
                  store,
                  plan.life(),
                  plan.life(),
                  plan.deadline(),
                  COMPROMISED_DEADLINE,
                  plan.policy(),
                  Files.getAttribute(Path.of("/proc/self"), "unix:uid"),
                  caller,
                  plan.proofs().indent(2)));
      return folder;
    }

    Map<String, String> environment(SoftHsm hsm) {
      Map<String, String> all = new HashMap<>(hsm.environment());
      module.ifPresent(before -> all.putAll(before.environment(hsm.library())));
      return all;
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
    return administer(all);
  }

  /** As {@link #rotation}, of any kind. */
  Command.Result administer(List<String> command) throws IOException {
    List<String> all = new ArrayList<>(command);
    all.addAll(
        List.of(
            "--operator",
            "http://127.0.0.1:" + westFolder.operatorPort(),
            "--admin-token-file",
            westFolder.path().resolve("token").toString()));
    return SignetProcess.command(all.toArray(String[]::new));
  }

  /** The servers. */
  List<SignetProcess> servers() {
    return List.of(eastServer, westServer);
  }

  /** How the rotation stands, as the server in the east tells it. */
  JsonNode status() throws IOException {
    return status(eastServer);
  }

  /** How the rotation stands, as this server tells it. */
  static JsonNode status(SignetProcess server) throws IOException {
    HttpResponse<String> answer = server.get("/v1/rotation");
    if (answer.statusCode() != 200) {
      throw new IOException("status " + answer.statusCode() + ": " + answer.body());
    }
    return JSON.readTree(answer.body());
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

  /** As {@link #awaitPhase}, and approves each phase before. */
  void approveUntil(String phase) {
    Await.until(
        "phase " + phase,
        LONG,
        () -> {
          JsonNode now = status();
          boolean there = now.get("phase").asText().equals(phase);
          if (!there && now.get("approval").asBoolean()) {
            Command.Result _ = rotation("approve", "--no-wait"); // it may have gone on meanwhile
          }
          return there;
        });
  }

  /** The roots that everybody is told to trust. */
  List<X509Certificate> roots() throws IOException {
    return SignedChain.parse(Files.readString(eastFolder.bundle()));
  }

  /** Waits until neither Envoy believes this root any more. */
  void awaitWithout(X509Certificate root) {
    String serial = root.getSerialNumber().toString(16);
    for (Envoy each : List.of(east, west)) {
      Await.until("an Envoy without the old root", LONG, () -> !each.certs().contains(serial));
    }
  }

  /** One root is left, and in the token its key and no other (KC-7). */
  void assertOneRootAndOneKey() throws IOException {
    assertThat(roots()).hasSize(1);
    assertThat(keys()).hasSize(1);
  }

  /** The private keys in the token, as another program sees them. */
  List<String> keys() throws IOException {
    return hsm.pkcs11Tool("--login", "--pin", PIN, "--list-objects", "--type", "privkey")
        .lines()
        .filter(line -> line.startsWith("Private Key Object; EC"))
        .toList();
  }

  @Override
  public void close() throws IOException {
    try (var all = new Started()) {
      all.add(below::close);
      all.add(eastServer::close);
      all.add(westServer::close);
      all.add(east::close);
      all.add(west::close);
    }
  }
}
