package io.signet.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.signet.e2e.peers.Started;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections that do nothing, or nothing to the end, cost memory and keep nobody from service. */
@Tag("e2e")
final class ConnectionsE2eTest {
  private static final int IDLE = 1_000;
  private static final int HALF_OPEN = 1_000;
  private static final int SLOW = 300;
  private static final int SLOW_CALLS = 50;
  private static final int MOST_NEW_THREADS = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  // RFC 9113, section 3.4; the settings are empty.
  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);
  private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

  // RFC 8446: the record of a handshake of 512 bytes, which do not come.
  private static final byte[] HELLO_BEGUN = {22, 3, 1, 2, 0, 1, 0};

  @TempDir private Path folder;

  @Test
  void idleHalfOpenAndSlowConnections_aClientIsServedAndNoThreadIsTheirs() throws Exception {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var open = new Started()) {
      Csr csr = Csr.create(folder);
      String token = signet.token("shop", "cart");
      try (var client = signet.client().bearing(token)) {
        assertThat(client.sign(csr).leaf()).isNotNull();
        int threads = threads(signet);
        SSLContext trust = trusting(signet.bundle());

        open(IDLE, open, () -> idle(trust, signet));
        List<Socket> halfOpen = open(HALF_OPEN, open, () -> halfOpen(signet));
        open(SLOW, open, () -> slow(trust, signet));
        ManagedChannel channel = channel(signet);
        open.add(channel::shutdownNow);
        for (int i = 0; i < SLOW_CALLS; i++) {
          begin(channel);
        }

        assertThat(client.sign(csr).leaf()).isNotNull();
        try (var another = signet.client().bearing(token)) {
          assertThat(another.sign(csr).leaf()).isNotNull();
        }
        assertThat(threads(signet)).isLessThan(threads + MOST_NEW_THREADS);
        assertEndedByServer(halfOpen);
      }
    }
  }

  @FunctionalInterface
  private interface Connect {
    Socket connected() throws IOException;
  }

  private static List<Socket> open(int count, Started open, Connect connect) throws IOException {
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = connect.connected();
      open.add(socket::close);
      sockets.add(socket);
    }
    return sockets;
  }

  private static Socket tcp(SignetProcess signet) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), signet.workloadPort());
    socket.setTcpNoDelay(true); // else each waits 40 ms for the other side's acknowledgement
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  private static Socket idle(SSLContext trust, SignetProcess signet) throws IOException {
    Socket socket = tls(trust, signet);
    socket.getOutputStream().write(PREFACE);
    socket.getOutputStream().write(SETTINGS);
    assertThat(socket.getInputStream().read()).isNotNegative(); // The server speaks HTTP/2 with it.
    return socket;
  }

  private static Socket halfOpen(SignetProcess signet) throws IOException {
    Socket socket = tcp(signet);
    socket.getOutputStream().write(HELLO_BEGUN);
    return socket;
  }

  private static Socket slow(SSLContext trust, SignetProcess signet) throws IOException {
    Socket socket = tls(trust, signet);
    socket.getOutputStream().write(PREFACE, 0, 1);
    return socket;
  }

  private static Socket tls(SSLContext trust, SignetProcess signet) throws IOException {
    var socket =
        (SSLSocket)
            trust
                .getSocketFactory()
                .createSocket(tcp(signet), "localhost", signet.workloadPort(), true);
    var parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private static SSLContext trusting(Path bundle) throws IOException {
    try (var pem = Files.newInputStream(bundle)) {
      var store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "root", CertificateFactory.getInstance("X.509").generateCertificate(pem));
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      var context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static ManagedChannel channel(SignetProcess signet) throws IOException {
    byte[] roots = Files.readString(signet.bundle()).getBytes(UTF_8);
    var trust = TlsChannelCredentials.newBuilder().trustManager(new ByteArrayInputStream(roots));
    return Grpc.newChannelBuilder("localhost:" + signet.workloadPort(), trust.build()).build();
  }

  /** Sends the headers of a call, and never its request. */
  private static void begin(ManagedChannel channel) {
    var method = IstioCertificateServiceGrpc.getCreateCertificateMethod();
    var call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(new ClientCall.Listener<>() {}, new Metadata());
    call.request(1);
  }

  private static int threads(SignetProcess signet) throws IOException {
    Path status = Path.of("/proc", Long.toString(signet.process().pid()), "status");
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("Threads:"))
        .mapToInt(line -> Integer.parseInt(line.substring("Threads:".length()).strip()))
        .findFirst()
        .orElseThrow();
  }

  // Whoever does not come to an end with its handshake is not waited for.
  private static void assertEndedByServer(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      while (socket.getInputStream().read() >= 0) {
        // An alert may come first.
      }
    }
  }
}
