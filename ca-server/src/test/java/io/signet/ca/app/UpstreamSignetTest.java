package io.signet.ca.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ListValue;
import com.google.protobuf.Value;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.signet.ca.authority.UpstreamCa.Wish;
import io.signet.ca.config.Address;
import io.signet.ca.config.AuthorityConfig.Root.InSignet;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.tls.TestCertificates;
import io.signet.ca.x509.Fingerprints;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import io.signet.spiffe.Pem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of a Signet above, and what its answers mean. */
@Timeout(60)
final class UpstreamSignetTest {

  private static final TestCertificates ROOT = TestCertificates.root("root");
  private static final TestCertificates ABOVE = ROOT.intermediate("above");
  private static final TestCertificates ISSUING = ABOVE.intermediate("issuing");
  private static final Wish WISH = new Wish(Fixtures.CSR, "Issuing", Duration.ofHours(1));
  private static final String TOKEN = "header.claims.signature";

  @TempDir private Path folder;
  private final Above above = new Above();
  private Server server;
  private Path token = Path.of("");

  /** The certificate service of a server above ours. */
  private static final class Above extends IstioCertificateServiceImplBase
      implements ServerInterceptor {
    final BlockingQueue<Metadata> headers = new LinkedBlockingQueue<>();
    final BlockingQueue<IstioCertificateRequest> requests = new LinkedBlockingQueue<>();
    volatile List<String> answer = List.of(pem(ISSUING), pem(ABOVE), pem(ROOT));
    volatile Status status = Status.OK;

    @Override
    public <Q, S> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, S> call, Metadata sent, ServerCallHandler<Q, S> next) {
      headers.add(sent);
      return next.startCall(call, sent);
    }

    @Override
    public void createCertificate(
        IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> caller) {
      requests.add(request);
      if (status.isOk()) {
        caller.onNext(IstioCertificateResponse.newBuilder().addAllCertChain(answer).build());
        caller.onCompleted();
      } else {
        caller.onError(status.asException());
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    token = Files.writeString(folder.resolve("token"), TOKEN + "\n");
    server = serve(ROOT.server());
  }

  @AfterEach
  void stop() {
    var _ = server.shutdownNow();
  }

  private Server serve(TestCertificates certificate) throws IOException {
    String key = Pem.encode("PRIVATE KEY", certificate.keys().getPrivate().getEncoded());
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            TlsServerCredentials.create(stream(Pem.encode(certificate.chain())), stream(key)))
        .addService(above)
        .intercept(above)
        .build()
        .start();
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(US_ASCII));
  }

  @Test
  void certify_wish_askedAsAnAuthorityWithTheToken() throws Exception {
    List<X509Certificate> answer = upstream().certify(WISH);

    assertThat(answer).containsExactly(ISSUING.certificate(), ABOVE.certificate()); // no root
    IstioCertificateRequest request = above.requests.take();
    assertThat(Pem.decode("CERTIFICATE REQUEST", request.getCsr())).isEqualTo(Fixtures.CSR);
    assertThat(request.getValidityDuration()).isEqualTo(3600);
    assertThat(request.getMetadata().getFieldsOrThrow("signet.io/authority").getBoolValue())
        .isTrue();
    assertThat(request.getMetadata().getFieldsOrThrow("signet.io/roots").getListValue())
        .extracting(ListValue::getValuesList)
        .isEqualTo(
            List.of(
                Value.newBuilder().setStringValue(Fingerprints.of(ROOT.certificate())).build()));
    Metadata headers = above.headers.take();
    assertThat(header(headers, "authorization")).isEqualTo("Bearer " + TOKEN);
    assertThat(header(headers, "clusterid")).isEqualTo("east");
  }

  // The kubelet replaces it.
  @Test
  void certify_tokenReplaced_readAnew() throws Exception {
    var _ = upstream().certify(WISH);
    Files.writeString(token, "next");
    var _ = upstream().certify(WISH);

    assertThat(header(above.headers.take(), "authorization")).isEqualTo("Bearer " + TOKEN);
    assertThat(header(above.headers.take(), "authorization")).isEqualTo("Bearer next");
  }

  private static String header(Metadata headers, String name) {
    return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
  }

  @ParameterizedTest
  @CsvSource({
    "UNAVAILABLE, LOST, is it ready?",
    "DEADLINE_EXCEEDED, LOST, is it ready?",
    "INTERNAL, LOST, is it ready?",
    "UNKNOWN, LOST, is it ready?",
    "CANCELLED, LOST, is it ready?",
    "ABORTED, LOST, is it ready?",
    "DATA_LOSS, LOST, is it ready?",
    "RESOURCE_EXHAUSTED, BUSY, limits.per-identity",
    "UNAUTHENTICATED, DENIED, check authority.signet.token-file",
    "PERMISSION_DENIED, DENIED, check issuing-authority there",
    "INVALID_ARGUMENT, REJECTED, is that a Signet that signs issuing authorities?",
    "NOT_FOUND, REJECTED, is that a Signet that signs issuing authorities?",
    "ALREADY_EXISTS, REJECTED, is that a Signet that signs issuing authorities?",
    "FAILED_PRECONDITION, REJECTED, is that a Signet that signs issuing authorities?",
    "OUT_OF_RANGE, REJECTED, is that a Signet that signs issuing authorities?",
    "UNIMPLEMENTED, REJECTED, is that the workload plane of a Signet?"
  })
  void certify_refused_faultAndWhatToCheck(Status.Code code, Fault fault, String check) {
    above.status = code.toStatus().withDescription("as told");

    assertFails(
        upstream(),
        fault,
        "authority.signet: 127.0.0.1:%d: %s: as told; ".formatted(server.getPort(), code),
        check);
  }

  @Test
  void certify_nobodyThere_lost() {
    int port = server.getPort();
    UpstreamSignet upstream = upstream();
    stop();

    assertFails(upstream, Fault.LOST, "127.0.0.1:" + port + ": UNAVAILABLE: ", "is it ready?");
  }

  // Nobody but a person mends these; to wait would not help.
  @Test
  void certify_certificateOfAnotherHostOrRoot_denied() throws IOException {
    Server other = serve(ROOT.workload("spiffe://example.org/signet/server"));
    try {
      assertFails(upstream(other, ROOT), Fault.DENIED, "hold the host of authority.signet.address");
    } finally {
      var _ = other.shutdownNow();
    }
    assertFails(
        upstream(server, TestCertificates.root("other")),
        Fault.DENIED,
        "must lead to authority.roots-file");
    assertThat(above.headers).isEmpty(); // the token was shown to nobody
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "one", "not PEM,roots", "-----BEGIN CERTIFICATE-----,roots"})
  void certify_answerWithoutAChain_rejected(String answer) {
    above.answer = answer.isEmpty() ? List.of() : List.of(answer.split(","));

    assertFails(upstream(), Fault.REJECTED, "127.0.0.1:" + server.getPort(), "(expected: cert");
  }

  @Test
  void certify_noToken_denied() throws IOException {
    Files.writeString(token, " ");
    assertFails(upstream(), Fault.DENIED, token + ": not a token");

    Files.delete(token);
    assertFails(upstream(), Fault.DENIED, token + ": no such file");
  }

  private static void assertFails(UpstreamSignet upstream, Fault fault, String... parts) {
    CustodyException failure =
        catchThrowableOfType(CustodyException.class, () -> upstream.certify(WISH));
    assertThat(failure.fault()).as(failure.getMessage()).isEqualTo(fault);
    assertThat(failure).hasMessageContainingAll(parts).hasMessageNotContaining(TOKEN);
  }

  private UpstreamSignet upstream() {
    return upstream(server, ROOT);
  }

  private UpstreamSignet upstream(Server at, TestCertificates root) {
    try {
      Path roots = Files.writeString(folder.resolve("roots.pem"), pem(root));
      return new UpstreamSignet(
          new InSignet(new Address("127.0.0.1", at.getPort()), token, "east", roots),
          List.of(root.certificate()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String pem(TestCertificates of) {
    return Pem.encode(List.of(of.certificate()));
  }
}
