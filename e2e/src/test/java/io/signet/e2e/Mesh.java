package io.signet.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Peers;
import io.signet.e2e.peers.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * A Signet and two Envoys with mutual TLS between them.
 *
 * @param server answers on its listener {@code in}; SDS over the Unix socket (AUTH-1)
 * @param client passes on what its listener {@code out} gets; SDS over TLS with a token (AUTH-3)
 */
record Mesh(SignetProcess signet, Envoy server, Envoy client) implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  static final String CLIENT_ID = "spiffe://example.org/ns/shop/sa/cart";
  static final String SERVER_ID = "spiffe://example.org/user/" + System.getProperty("user.name");

  /** Starts a {@code dev}. */
  @FunctionalInterface
  interface Dev {
    SignetProcess start() throws IOException;
  }

  /**
   * Starts all three, and returns when both Envoys have their secrets.
   *
   * @param life of the certificates, as {@code --svid-ttl} takes it
   */
  static Mesh launch(Path folder, Api api, String life) throws IOException {
    return launch(folder, api, () -> SignetProcess.dev(folder.resolve("dev"), "--svid-ttl", life));
  }

  /**
   * Starts all three, and returns when both Envoys have their secrets.
   *
   * @param folder where Envoy's token is written
   * @param api by which both subscribe
   */
  static Mesh launch(Path folder, Api api, Dev dev) throws IOException {
    var _ = Peers.require("envoy");
    try (var started = new Started()) {
      var signet = dev.start();
      started.add(signet::close);
      var source = SdsSource.unix(signet.socket()).by(api);
      var server = Envoy.start(MeshConfig.server(source).yaml());
      started.add(server::close);
      server.awaitReady();
      var client = Envoy.start(clientConfig(folder, api, signet, server));
      started.add(client::close);
      client.awaitReady();
      started.keep();
      return new Mesh(signet, server, client);
    }
  }

  private static String clientConfig(Path folder, Api api, SignetProcess signet, Envoy server)
      throws IOException {
    // AUTH-3: Envoy does not trim what it reads from the file.
    Path token = Files.writeString(folder.resolve("token"), signet.token("shop", "cart"));
    var source = SdsSource.google(signet, token).by(api);
    return MeshConfig.client(source, server.listenerPort("in")).yaml();
  }

  /** Starts to send requests through both; each end has to be told who the other is. */
  Traffic traffic() throws IOException {
    return Traffic.to(
        client.listenerPort("out"), "x-client: " + CLIENT_ID, "x-server: " + SERVER_ID);
  }

  /** The serial numbers of an Envoy's own certificates. */
  static Set<String> serials(Envoy envoy) throws IOException {
    Set<String> serials = new HashSet<>();
    for (JsonNode each : JSON.readTree(envoy.certs()).get("certificates")) {
      JsonNode leaf = each.at("/cert_chain/0/serial_number");
      if (!leaf.isMissingNode()) serials.add(leaf.asText());
    }
    return serials;
  }

  @Override
  public void close() throws IOException {
    try (var all = new Started()) {
      all.add(signet::close);
      all.add(server::close);
      all.add(client::close);
    }
  }
}
