package io.signet.ca.http;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestor;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.issuance.Limits;
import io.signet.ca.tls.CountingKeys;
import io.signet.ca.tls.ServingCertificate;
import io.signet.ca.tls.TestCertificates;
import io.signet.sds.envoy.Caller;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** A running server of secrets by REST over fakes, and what clients need of it. */
final class SecretsPlane implements AutoCloseable {
  static final TestCertificates ROOT = TestCertificates.root("root");
  static final SpiffeId WEB = SpiffeId.parse("spiffe://example.org/ns/shop/sa/web");
  static final TestCertificates CLIENT = ROOT.workload(WEB.toString());
  static final String PATH = "/v3/discovery:secrets";
  static final String ASK = "{\"resource_names\": [\"default\"]}";
  static final String PRIVATE = "the private key";

  /** One secret with what is private. */
  static final DiscoveryResponse ANSWER =
      DiscoveryResponse.newBuilder()
          .setVersionInfo("v1")
          .addResources(
              Any.pack(
                  Secret.newBuilder()
                      .setName("default")
                      .setTlsCertificate(
                          TlsCertificate.newBuilder()
                              .setPrivateKey(
                                  DataSource.newBuilder()
                                      .setInlineBytes(ByteString.copyFromUtf8(PRIVATE))))
                      .build()))
          .build();

  /** What a caller asked for. */
  record Asked(Caller caller, DiscoveryRequest request) {}

  final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
  final BlockingQueue<List<Evidence>> shown = new LinkedBlockingQueue<>();
  final BlockingQueue<String> refusals = new LinkedBlockingQueue<>();
  volatile Attestation attestation = proven();
  volatile CompletableFuture<DiscoveryResponse> answer = CompletableFuture.completedFuture(ANSWER);
  volatile ServingCertificate serving = ROOT.server().serving();
  final SecretsServer server;

  SecretsPlane() throws IOException {
    this(Limits.none());
  }

  SecretsPlane(Limits limits) throws IOException {
    this(limits, 0);
  }

  SecretsPlane(Limits limits, int port) throws IOException {
    server =
        SecretsServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            () -> serving,
            new CallerCheck(
                new Attestors(List.of(attestor())),
                limits,
                (call, _, why) ->
                    refusals.add(call.address() + " " + call.id() + " " + why.detail())),
            (caller, request) -> {
              asked.add(new Asked(caller, request));
              return answer;
            });
  }

  static Attestation proven() {
    return new Proven(new TokenSubject(WEB, Optional.empty(), "issuer", "subject"));
  }

  private Attestor attestor() {
    return new Attestor() {
      @Override
      public String name() {
        return "fake";
      }

      @Override
      public Attestation attest(Evidence evidence) {
        shown.add(List.of(evidence));
        return evidence instanceof BearerToken(String token, String _) && token.equals("bad")
            ? Attestation.invalid("a bad token")
            : attestation;
      }
    };
  }

  /** A client that shows no certificate. */
  static HttpClient client(HttpClient.Version version) {
    return client(version, new KeyManager[0]);
  }

  static HttpClient client(HttpClient.Version version, KeyManager... keys) {
    return HttpClient.newBuilder().version(version).sslContext(tls(keys)).build();
  }

  static SSLContext tls(KeyManager... keys) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, new TrustManager[] {ROOT.trust()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  static KeyManager key(AtomicInteger asked) {
    return new CountingKeys(CLIENT, asked);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + path));
  }

  /** A request with this body and a token. */
  HttpRequest asking(String body) {
    return request(PATH)
        .header("authorization", "Bearer good")
        .POST(BodyPublishers.ofString(body))
        .build();
  }

  /** Asks once, over a connection of its own. */
  HttpResponse<String> ask(HttpClient.Version version, HttpRequest request)
      throws IOException, InterruptedException {
    try (HttpClient client = client(version)) {
      return client.send(request, BodyHandlers.ofString());
    }
  }

  HttpResponse<String> ask(HttpRequest request) throws IOException, InterruptedException {
    return ask(HttpClient.Version.HTTP_1_1, request);
  }

  @Override
  public void close() {
    server.close();
  }
}
