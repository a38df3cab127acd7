package io.signet.ca.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.testing.UnixChannel;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.spiffe.Pem;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several sockets with rules of their own in one server (SET-5, NAME-7). */
@Timeout(60)
final class ListenersTest {
  private static final String TYPE =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  @TempDir Path folder;
  private SignetServer server;

  @BeforeEach
  void start() throws Exception {
    int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    server =
        SignetServer.start(
            SignetConfig.loadText(
                """
                trust-domain: example.org
                listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:0", sds-socket: all.sock }
                serving-names: [localhost]
                keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
                data-dir: data
                attestation: { unix: [ { uid: %1$d, id: "spiffe://example.org/all" } ] }
                sockets:
                - { path: same.sock }
                - path: own.sock
                  mode: "0600"
                  unix: [ { uid: %1$d, id: "spiffe://example.org/own" } ]
                - { path: nobody.sock, unix: [] }
                """
                    .formatted(uid),
                folder),
            Optional.empty(),
            Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    server.close();
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void stream_eachSocket_itsRulesDecideWhoCalls() throws Exception {
    assertThat(identity("all.sock")).isEqualTo("spiffe://example.org/all");
    assertThat(identity("same.sock")).isEqualTo("spiffe://example.org/all");
    assertThat(identity("own.sock")).isEqualTo("spiffe://example.org/own");
  }

  @Test
  void stream_socketWithoutCallers_refused() {
    assertThatThrownBy(() -> identity("nobody.sock"))
        .cause()
        .satisfies(e ->
            assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED));
  }

  @Test
  void subscribers_openStream_toldWithItsListener() throws Exception {
    try (var unix = UnixChannel.to(folder.resolve("own.sock"), "sds");
        var http = HttpClient.newHttpClient()) {
      var _ = firstAnswer(unix);
      String operator = "http://" + server.listening().operator();
      String said = get(http, operator + "/v1/sds/subscribers");

      assertThat(said)
          .contains(
              "\"node\":\"web-1\",\"identity\":\"spiffe://example.org/own\"",
              "\"listener\":\"unix:%s\"".formatted(folder.resolve("own.sock")),
              "\"name\":\"default\",\"state\":\"silent\"",
              "\"shown\":1,\"total\":1")
          .doesNotContain("PRIVATE");
      assertThat(get(http, operator + "/metrics"))
          .contains("signet_sds_subscribers{state=\"silent\"} 1.0\n");
    }
  }

  private static String get(HttpClient http, String url) throws Exception {
    return http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
        .body();
  }

  @Test
  void start_modes_eachItsOwn() throws Exception {
    assertThat(mode("same.sock")).isEqualTo("rw-rw-rw-");
    assertThat(mode("own.sock")).isEqualTo("rw-------");
  }

  // By the rules of a socket somebody would be another than by those of requests.
  @Test
  void request_onASocketOfItsOwn_notServed() {
    try (var unix = UnixChannel.to(folder.resolve("own.sock"), "sds")) {
      var client = IstioCertificateServiceGrpc.newBlockingStub(unix.channel());

      assertThatThrownBy(
              () -> client.createCertificate(IstioCertificateRequest.getDefaultInstance()))
          .satisfies(e ->
              assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    }
  }

  private String mode(String socket) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(socket)));
  }

  private String identity(String socket) throws Exception {
    try (var unix = UnixChannel.to(folder.resolve(socket), "sds")) {
      Secret secret = firstAnswer(unix).getResources(0).unpack(Secret.class);
      return uri(secret.getTlsCertificate().getCertificateChain().getInlineBytes().toString(UTF_8));
    }
  }

  /** Asks and does not say that it has got it. */
  private static DiscoveryResponse firstAnswer(UnixChannel unix) throws Exception {
    var first = new First();
    StreamObserver<DiscoveryRequest> asking =
        SecretDiscoveryServiceGrpc.newStub(unix.channel()).streamSecrets(first);
    asking.onNext(
        DiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("web-1").setCluster("web"))
            .setTypeUrl(TYPE)
            .addResourceNames("default")
            .build());
    return first.get(30, SECONDS);
  }

  private static String uri(String chain) throws Exception {
    X509Certificate leaf = Pem.certificates(chain).getFirst();
    return (String) leaf.getSubjectAlternativeNames().iterator().next().get(1);
  }

  private static final class First extends CompletableFuture<DiscoveryResponse>
      implements StreamObserver<DiscoveryResponse> {
    @Override
    public void onNext(DiscoveryResponse response) {
      var _ = complete(response);
    }

    @Override
    public void onError(Throwable failure) {
      var _ = completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      var _ = completeExceptionally(new AssertionError("ended without an answer"));
    }
  }
}
