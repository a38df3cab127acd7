package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.PilotAgent;
import io.signet.e2e.peers.Ports;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import io.signet.spiffe.X509Svid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathValidatorException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * ISTIO-98: the client of every sidecar gets its certificates from us and renews them by itself,
 * with a token and without.
 */
@Tag("e2e")
final class IstioAgentE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final TrustDomain DOMAIN = new TrustDomain(ServerFolder.TRUST_DOMAIN);
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";

  private static final String SOCKET = "signet";

  // What Istio's agent serves itself, on another socket.
  private static final List<String> FILES =
      List.of("file-cert:/etc/a.pem~/etc/a.key", "file-root:/etc/ca.pem", "file-root:system");

  @TempDir private Path folder;

  // ISTIO-10 to ISTIO-12, ISTIO-14, ISTIO-17, ISTIO-21, ISTIO-39; then ISTIO-44: the token is gone,
  // and the connection outlives the certificate that it was opened with.
  @Test
  void agent_tokenAndThenNone_renewsByItselfAllTheWay() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"))) {
      Path home = PilotAgent.folder();
      Path token =
          Files.writeString(PilotAgent.tokenFile(home), signet.token("shop", "cart") + "\n");
      try (var agent = PilotAgent.start(home, signet.workloadPort(), signet.bundle())) {
        X509Svid first = nextAfter(null, agent);
        assertThat(first.id()).hasToString(CART);
        requireVerified(first, signet);
        assertThat(audited(first, signet))
            .contains("[\"BearerToken[", "cluster \\\"Kubernetes\\\"");

        X509Svid second = nextAfter(first, agent);
        assertThat(audited(second, signet)).contains("[\"BearerToken[");

        Files.delete(token);
        X509Svid latest = second;
        for (int renewal = 1; renewal <= 3; renewal++) {
          latest = nextAfter(latest, agent);
          assertThat(latest.id()).hasToString(CART);
          requireVerified(latest, signet);
          assertThat(audited(latest, signet)).contains("\"shown\":[\"ClientCertificate[");
        }
        // By the last one, what its connection was opened with had expired; it opened another.
        assertThat(signet.log()).contains("client-certificate: certificate: expired at ");
      }
    }
  }

  // ISTIO-35, ISTIO-91, ISTIO-98: a machine that was given a certificate and never has a token.
  @Test
  void agent_provisionedCertificateOnly_renewsIt() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"))) {
      Path home = PilotAgent.folder();
      try (var client = signet.client().bearing(signet.token("shop", "cart"))) {
        provision(home, client);
      }
      X509Svid provisioned = X509Svid.parsePem(Files.readString(chainFile(home)));
      try (var agent = PilotAgent.start(home, signet.workloadPort(), signet.bundle())) {
        X509Svid renewed = nextAfter(provisioned, agent);
        assertThat(renewed.id()).hasToString(CART);
        assertThat(audited(renewed, signet))
            .contains("\"shown\":[\"ClientCertificate[serial " + provisioned.serial() + "]\"]");
      }
    }
  }

  @Test
  void agent_provisionedCertificateWhereThoseAreOff_refused() throws Exception {
    var server = ServerFolder.create(folder.resolve("server"));
    server.configureMore(ServerFolder.attestation("client-certificate: off"));
    try (var signet = SignetProcess.serve(server.config())) {
      Path home = PilotAgent.folder();
      try (var client = CsrClient.unix(signet.socket())) {
        provision(home, client);
      }
      try (var agent = PilotAgent.start(home, signet.workloadPort(), signet.bundle())) {
        Await.until(
            "the refusal of the agent",
            SOON,
            () -> agent.process().log().contains("request authenticate failure"));
        assertThat(signet.log())
            .containsPattern("\"event\":\"refused\".*\"shown\":\\[\"ClientCertificate\\[");
      }
    }
  }

  // NAME-5, NAME-8, ISTIO-77, ISTIO-78, ISTIO-80, ISTIO-82: with a socket of ours, of a name that
  // is
  // not the default, the agent keeps out of it. What its Envoy asks there is answered, also where
  // it
  // asks us for what is the agent's own.
  @Test
  void agent_besideOurSocket_leavesItToUsAndEnvoyIsServed() throws Exception {
    Path home = PilotAgent.folder();
    Path socket = PilotAgent.workloadSocket(home, SOCKET);
    var server = ServerFolder.create(folder.resolve("server"));
    server.socketAt(socket);
    try (var signet = SignetProcess.serve(server.config());
        var agent = PilotAgent.startBeside(home, SOCKET, signet.bundle())) {
      agent
          .process()
          .awaitOutput(
              "workload SDS socket found at var/run/secrets/workload-spiffe-uds/" + SOCKET, SOON);
      var config = MeshConfig.both(SdsSource.unix(socket), Ports.free()).patience("0s");
      var foreign = MeshConfig.clusters(SdsSource.unix(socket), agentsOwn()).patience("1s");
      try (var envoy = Envoy.start(config.yaml());
          var odd = Envoy.start(foreign.yaml())) {
        envoy.awaitReady();
        assertThat(Traffic.request(envoy.listenerPort("out")))
            .startsWith("HTTP/1.1 200 ")
            .contains("x-client: " + ServerFolder.CALLER);
        odd.awaitReady();
        assertThat(odd.total("^sds\\.file-.*\\.init_fetch_timeout$")).isEqualTo(FILES.size());
        assertThat(odd.stat("cluster.sds-grpc.upstream_rq_active")).isEqualTo(FILES.size());
      }
      assertThat(agent.process().isAlive()).isTrue();
      assertThat(socket).exists();
    }
  }

  private static List<String> agentsOwn() {
    String cluster =
        """
        { name: "of @name", type: STATIC, connect_timeout: 1s, transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
          common_tls_context: { validation_context_sds_secret_config: { name: "@name", sds_config: @sds@ } } } } }
        """;
    return FILES.stream().map(name -> cluster.replace("@name", name)).toList();
  }

  // ISTIO-80: why our socket must be there before the agent; it does not wait.
  @Test
  void agent_besideNoSocketOfThatName_exits() throws Exception {
    Path home = PilotAgent.folder();
    Path roots = Files.createFile(folder.resolve("roots.pem"));
    try (var agent = PilotAgent.startBeside(home, SOCKET, roots)) {
      assertThat(agent.process().awaitExit(SOON)).isNotZero();
      assertThat(agent.process().log()).contains("but no socket found");
    }
  }

  /** The agent's certificate, once it is another than this one. */
  private static X509Svid nextAfter(@Nullable X509Svid previous, PilotAgent agent)
      throws IOException {
    Await.until(
        "the agent's next certificate",
        SOON,
        () -> previous == null ? !agent.chain().isEmpty() : !isSame(previous, agent.chain()));
    return X509Svid.parsePem(agent.chain());
  }

  private static boolean isSame(X509Svid svid, String chain) {
    return X509Svid.parsePem(chain).serial().equals(svid.serial());
  }

  private static void requireVerified(X509Svid svid, SignetProcess signet)
      throws IOException, CertPathValidatorException {
    svid.verify(TrustBundle.ofPem(DOMAIN, Files.readString(signet.bundle())), Instant.now());
  }

  /** The line of the audit that tells of this certificate. */
  private static String audited(X509Svid svid, SignetProcess signet) {
    return signet
        .log()
        .lines()
        .filter(line -> line.contains("\"event\":\"issued\""))
        .filter(line -> line.contains(svid.serial().toString()))
        .findFirst()
        .orElseThrow();
  }

  private void provision(Path home, CsrClient client) throws IOException {
    Csr csr = Csr.create(folder);
    SignedChain chain = client.sign(csr);
    Files.writeString(chainFile(home), String.join("", chain.elements()));
    Files.copy(csr.key(), PilotAgent.certificates(home).resolve("key.pem"));
  }

  private static Path chainFile(Path home) {
    return PilotAgent.certificates(home).resolve("cert-chain.pem");
  }
}
