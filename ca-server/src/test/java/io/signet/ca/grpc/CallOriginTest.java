package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceBlockingStub;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.MDC;

/** ISTIO-33: the caller is told nothing but where in our log the reason is. */
final class CallOriginTest {

  private final AtomicReference<Metadata> headers = new AtomicReference<>();
  private final AtomicReference<Metadata> trailers = new AtomicReference<>();
  private WorkloadPlane plane;

  @BeforeEach
  void start() throws IOException {
    plane = new WorkloadPlane();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  @Test
  void create_issued_callerIsToldTheIdThatIssuanceKnows() throws InterruptedException {
    var _ = client().createCertificate(REQUEST);

    assertThat(told()).isEqualTo(call().id()).matches("[0-9a-f]{16}");
  }

  @Test
  void create_refused_callerIsToldTheIdThatIssuanceKnows() throws InterruptedException {
    plane.issuance.answer = _ -> new Refused(Why.UNAUTHENTICATED, "the precise reason");

    var _ =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> client().createCertificate(REQUEST));

    assertThat(told()).isEqualTo(call().id());
  }

  @Test
  void create_again_anotherId() throws InterruptedException {
    var _ = client().createCertificate(REQUEST);
    var _ = client().createCertificate(REQUEST);

    assertThat(call().id()).isNotEqualTo(call().id());
  }

  // Nobody may pass for another's call in our log.
  @Test
  void create_callerBringsAnId_oursAllTheSame() throws InterruptedException {
    var _ = client("signet-request-id", "mine", "x-request-id", "mine").createCertificate(REQUEST);

    assertThat(told()).isEqualTo(call().id()).isNotEqualTo("mine");
  }

  // Each line that is logged for the request can be found by it.
  @Test
  void create_issuanceLogs_underTheId() throws InterruptedException {
    BlockingQueue<String> logged = new LinkedBlockingQueue<>();
    plane.issuance.answer = asked -> noted(logged, asked);

    var _ = client().createCertificate(REQUEST);

    assertThat(logged.take()).isEqualTo(told() + " " + told());
  }

  private static IssuanceOutcome noted(BlockingQueue<String> logged, IssuanceRequest asked) {
    logged.add(MDC.get("request") + " " + asked.call().id());
    return WorkloadPlane.ISSUED;
  }

  @Test
  void create_overTcp_addressOfTheConnection() throws InterruptedException {
    var _ = client("x-forwarded-for", "10.1.1.1").createCertificate(REQUEST);

    assertThat(call().address()).isEqualTo("127.0.0.1");
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, 10.1.2.3, 10.1.2.3",
    "2001:db8:1:2:3:4:5:6, 2001:db8:1:2:3:4:5:6, 20010db800010002",
    "::ffff:10.1.2.3, 10.1.2.3, 10.1.2.3"
  })
  void address_tcp_networkOfIpv6CountsAsOne(String peer, String text, String network)
      throws UnknownHostException {
    Attributes transport =
        Attributes.newBuilder()
            .set(
                Grpc.TRANSPORT_ATTR_REMOTE_ADDR,
                new InetSocketAddress(InetAddress.getByName(peer), 1))
            .build();

    assertThat(CallOrigin.of(transport).address()).isEqualTo(text);
    assertThat(CallOrigin.of(transport).network()).isEqualTo(network);
  }

  @Test
  void address_unixSocket_user() {
    Attributes transport =
        Attributes.newBuilder()
            .set(UnixSocketCredentials.PEER, new PeerCredentials(-2, 7, 42))
            .build();

    assertThat(CallOrigin.of(transport).address()).isEqualTo("uid 4294967294");
    assertThat(CallOrigin.of(transport).network()).isEqualTo("uid 4294967294");
  }

  private IstioCertificateServiceBlockingStub client(String... sent) {
    return plane
        .client(sent)
        .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
  }

  private String told() {
    return String.valueOf(trailers.get().get(CallOrigin.REQUEST_ID));
  }

  private Call call() throws InterruptedException {
    return plane.issuance.asked.take().call();
  }
}
