package io.signet.e2e.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Two servers at one PostgreSQL, with their root in one token. */
final class ReplicaPair implements AutoCloseable {

  private static final int SECRET_BYTES = 16;
  private static final int REPLICAS = 2;

  private final BenchFolder folder;
  private final BenchToken token;
  private final RotationDatabase database;
  private final List<SdsServer> replicas = new ArrayList<>();
  private final String secret = HexFormat.of().formatHex(BenchFolder.random(SECRET_BYTES));
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private ReplicaPair(BenchFolder folder, BenchToken token, RotationDatabase database) {
    this.folder = folder;
    this.token = token;
    this.database = database;
  }

  /**
   * Starts them; returns when both are ready.
   *
   * @param more of the configuration of both
   */
  static ReplicaPair start(Program program, ProxyIdentities identities, String more)
      throws BenchException, IOException, InterruptedException {
    ReplicaPair pair = withoutReplicas();
    pair.startReplicas(program, identities, more);
    return pair;
  }

  private static ReplicaPair withoutReplicas()
      throws BenchException, IOException, InterruptedException {
    BenchFolder folder = BenchFolder.create();
    try {
      return new ReplicaPair(folder, BenchToken.create(folder), RotationDatabase.start());
    } catch (BenchException | IOException | InterruptedException e) {
      folder.close();
      throw e;
    }
  }

  private void startReplicas(Program program, ProxyIdentities identities, String more)
      throws BenchException, IOException, InterruptedException {
    Path file = folder.keep("admin.token", secret.getBytes(US_ASCII));
    String all =
        token.keys() + database.store() + "admin: { token-file: \"%s\" }%n".formatted(file) + more;
    try {
      for (int i = 0; i < REPLICAS; i++) {
        replicas.add(SdsServer.start(program, identities, all, token.environment()));
      }
    } catch (BenchException | IOException | InterruptedException e) {
      close();
      throw e;
    }
  }

  SdsServer east() {
    return replicas.getFirst();
  }

  SdsServer west() {
    return replicas.getLast();
  }

  List<SdsServer> replicas() {
    return List.copyOf(replicas);
  }

  RotationDatabase database() {
    return database;
  }

  /** A folder that is gone when this is closed. */
  Path folder() {
    return folder.path();
  }

  /** Starts to replace the root, as an administrator does. */
  void rotate() throws BenchException, IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://" + east().operator() + "/v1/rotation/start"))
                .header("authorization", "Bearer " + secret)
                .header("content-type", "application/json")
                .POST(BodyPublishers.ofString("{\"reason\": \"measured\"}"))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new BenchException(
          "the rotation does not start: %d %s".formatted(answer.statusCode(), answer.body()));
    }
  }

  /** How the rotation stands, in the server's words. */
  String status() throws IOException, InterruptedException {
    URI uri = URI.create("http://" + east().operator() + "/v1/rotation");
    return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }

  @Override
  public void close() throws IOException {
    http.close();
    for (SdsServer replica : replicas.reversed()) {
      replica.close();
    }
    database.close();
    folder.close();
  }
}
