package io.signet.ca.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.netty.GrpcSslContexts;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What both libraries must do alike; the endpoint itself is tested over the one that loads. */
final class ServingTlsTest {
  private static final TestCertificates ROOT = TestCertificates.root("root");
  private static final TestCertificates WORKLOAD = ROOT.workload("spiffe://example.org/ns/a/sa/b");

  private ServingCertificate serving = ROOT.server().serving();

  // ISTIO-1
  @ParameterizedTest
  @CsvSource({"OPENSSL, TLSv1.3", "OPENSSL, TLSv1.2", "JDK, TLSv1.3", "JDK, TLSv1.2"})
  void handshake_anyVersion_h2AndCertificateOfTheMoment(SslProvider by, String version)
      throws Exception {
    ServingTls tls = ServingTls.of(() -> serving, by, "h2");
    SSLEngine first = engine(client(new AtomicInteger()), version);
    SSLEngine second = engine(client(new AtomicInteger()), version);

    assertThat(MemoryHandshake.between(first, server(tls))).isTrue();
    X509Certificate before = met(first);
    serving = ROOT.server().serving();
    assertThat(MemoryHandshake.between(second, server(tls))).isTrue();

    assertThat(second.getApplicationProtocol()).isEqualTo("h2");
    assertThat(second.getSession().getProtocol()).isEqualTo(version);
    assertThat(met(second)).isEqualTo(serving.chain().getFirst()).isNotEqualTo(before);
  }

  // DEV-8: a resumed session would not ask for the client's certificate again.
  @ParameterizedTest
  @CsvSource({"OPENSSL, TLSv1.3", "OPENSSL, TLSv1.2", "JDK, TLSv1.3", "JDK, TLSv1.2"})
  void handshake_again_keyOfTheClientProvenAgain(SslProvider by, String version) throws Exception {
    ServingTls tls = ServingTls.of(() -> serving, by, "h2");
    AtomicInteger asked = new AtomicInteger();
    SSLContext client = client(asked);

    for (int connections = 1; connections <= 3; connections++) {
      SSLEngine server = server(tls);
      assertThat(MemoryHandshake.between(engine(client, version), server)).isTrue();

      assertThat(asked).hasValue(connections);
      assertThat(server.getSession().getPeerCertificates()[0]).isEqualTo(WORKLOAD.certificate());
    }
  }

  // ISTIO-37: a ztunnel with the policy offers nothing else.
  @Test
  void handshake_postQuantumKeyExchangeOnly_works() throws Exception {
    SSLEngine server = server(ServingTls.of(() -> serving, "h2"));
    SSLEngine client =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.OPENSSL)
            .trustManager(ROOT.certificate())
            .option(OpenSslContextOption.GROUPS, new String[] {"X25519MLKEM768"})
            .build()
            .newEngine(UnpooledByteBufAllocator.DEFAULT, "localhost", 8443);

    assertThat(MemoryHandshake.between(client, server)).isTrue();
    assertThat(met(client)).isEqualTo(serving.chain().getFirst());
  }

  private static SSLEngine server(ServingTls tls) {
    return tls.newEngine(UnpooledByteBufAllocator.DEFAULT);
  }

  private static SSLEngine engine(SSLContext client, String version) {
    SSLEngine engine = client.createSSLEngine("localhost", 8443); // named, or it never resumes
    engine.setUseClientMode(true);
    var parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    parameters.setApplicationProtocols(new String[] {"h2"});
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** Keeps its sessions, and counts how often it is asked for its certificate. */
  private static SSLContext client(AtomicInteger asked) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {new CountingKeys(WORKLOAD, asked)},
        new TrustManager[] {ROOT.trust()},
        null);
    return context;
  }

  private static X509Certificate met(SSLEngine client) throws SSLException {
    return (X509Certificate) client.getSession().getPeerCertificates()[0];
  }
}
