package io.signet.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped program sends traces by OpenTelemetry's protocol, if it is told where. */
@Tag("e2e")
final class TracesE2eTest {

  @TempDir private Path folder;
  private final Queue<String> received = new ConcurrentLinkedQueue<>();

  @Test
  void serve_exporterConfigured_spansOfTheRequestArrive() throws Exception {
    HttpServer collector = collector();
    try (var signet =
        SignetProcess.dev(
            folder.resolve("dev"),
            Map.of(
                "OTEL_TRACES_EXPORTER",
                "otlp",
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://127.0.0.1:" + collector.getAddress().getPort()))) {
      try (var client = signet.client().bearing(signet.token("shop", "cart"))) {
        assertThat(client.sign(Csr.create(folder)).leaf()).isNotNull();
      }
      signet.stop(); // What is not sent yet is sent now.

      assertThat(received).allSatisfy(each -> assertThat(each).startsWith("/v1/traces"));
      assertThat(String.join("\n", received))
          .contains("istio.v1.auth.IstioCertificateService/CreateCertificate")
          .contains("attest", "authorize", "prepare", "intend", "sign", "record")
          .contains("service.name");
    } finally {
      collector.stop(0);
    }
  }

  private HttpServer collector() throws IOException {
    var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer server = HttpServer.create(address, 0);
    server.createContext("/", this::take);
    server.start();
    return server;
  }

  // Protobuf, in which names stand as they are.
  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      received.add(exchange.getRequestURI() + " " + new String(body, ISO_8859_1));
      exchange.sendResponseHeaders(200, -1);
    }
  }
}
