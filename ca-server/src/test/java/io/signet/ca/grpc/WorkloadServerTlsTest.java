package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.grpc.StatusRuntimeException;
import io.netty.handler.ssl.SslContextBuilder;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.ca.tls.TestCertificates;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkloadServerTlsTest {

  private WorkloadPlane plane;

  @BeforeEach
  void start() throws IOException {
    plane = new WorkloadPlane();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  // ISTIO-1
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void handshake_version_h2Negotiated(String protocol) throws IOException {
    try (var client = new RawHttp2(client(), plane.server.port(), protocol)) {
      assertThat(client.socket().getSession().getProtocol()).isEqualTo(protocol);
      assertThat(client.socket().getApplicationProtocol()).isEqualTo("h2");
    }
  }

  // ISTIO-92, ISTIO-94: no client certificate; in TLS that is an empty chain.
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void call_withoutClientCertificate_tokenOnly(String protocol) throws InterruptedException {
    assertThat(shown(protocol, Map.of())).containsExactly(new BearerToken("abc", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void call_clientCertificate_shownBesideToken(String protocol) throws InterruptedException {
    assertThat(shown(protocol, Map.of("certificate", WorkloadPlane.WORKLOAD)))
        .containsExactly(
            new BearerToken("abc", ""), new ClientCertificate(WorkloadPlane.WORKLOAD.chain()));
  }

  // ISTIO-10: the agent's token file is gone, and its certificate is not. ISTIO-91: renewal with
  // the certificate. ISTIO-92: with a client certificate.
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void call_clientCertificateWithoutToken_certificateOnly(String protocol)
      throws InterruptedException {
    var client = plane.client(tls -> showing(WorkloadPlane.WORKLOAD, tls.protocols(protocol)));
    var _ = client.createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown())
        .containsExactly(new ClientCertificate(WorkloadPlane.WORKLOAD.chain()));
  }

  // ISTIO-48, ISTIO-92, ISTIO-94: a peer without TLS.
  @Test
  void call_withoutTls_neverHeard() {
    var plaintext = plane.plaintext("authorization", "Bearer abc");

    assertThatThrownBy(() -> plaintext.createCertificate(REQUEST))
        .isInstanceOf(StatusRuntimeException.class);
    assertThat(plane.issuance.asked).isEmpty();
  }

  // ISTIO-44: it must not break the connection, nor refuse the token.
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void call_foreignExpiredClientCertificate_tokenStillShown(String protocol)
      throws InterruptedException {
    var foreign =
        TestCertificates.root("elsewhere")
            .workload("spiffe://elsewhere/ns/a/sa/b", Duration.ofDays(-1));

    assertThat(shown(protocol, Map.of("certificate", foreign)))
        .containsExactly(new BearerToken("abc", ""), new ClientCertificate(foreign.chain()));
  }

  // DEV-8: the client would resume its session, and so not see the new certificate.
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void handshake_servingCertificateRenewed_shownToNextConnection(String protocol)
      throws IOException {
    SSLContext client = client();
    X509Certificate before = met(client, protocol);

    plane.serving = WorkloadPlane.INTERMEDIATE.server().serving();

    assertThat(met(client, protocol))
        .isEqualTo(plane.serving.chain().getFirst())
        .isNotEqualTo(before);
  }

  private List<Evidence> shown(String protocol, Map<String, TestCertificates> with)
      throws InterruptedException {
    var client =
        plane.client(
            tls -> {
              with.values().forEach(each -> showing(each, tls));
              return tls.protocols(protocol);
            },
            "authorization",
            "Bearer abc");
    var _ = client.createCertificate(REQUEST);
    return plane.issuance.asked.take().shown();
  }

  @CanIgnoreReturnValue
  private static SslContextBuilder showing(TestCertificates client, SslContextBuilder tls) {
    return tls.keyManager(client.keys().getPrivate(), client.chain());
  }

  private X509Certificate met(SSLContext client, String protocol) throws IOException {
    try (var connection = new RawHttp2(client, plane.server.port(), protocol)) {
      return (X509Certificate) connection.socket().getSession().getPeerCertificates()[0];
    }
  }

  private static SSLContext client() {
    return RawHttp2.trusting(WorkloadPlane.ROOT);
  }
}
