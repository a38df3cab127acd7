package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Secure naming: a client takes for the server of a host only whom the server's names say. */
@Tag("e2e")
final class SecureNamingE2eTest {
  private static final String RIGHT = "right.shop.example.org";
  private static final String OTHER = "other.shop.example.org";
  private static final int MANY = 150;

  @TempDir private static Path folder;
  @AutoClose private static SignetProcess signet;

  @BeforeAll
  static void launch() throws IOException {
    var server = ServerFolder.create(folder.resolve("server"));
    server.configureMore(
        """
        sds: { names: { bundle-form: spiffe-validator } }
        secure-naming:
        - { hosts: [%s], ids: ["%s"] }
        - { hosts: [%s], ids: ["spiffe://example.org/ns/shop/sa/other"] }
        - { hosts: [%s], ids: ["%s"] }
        """
            .formatted(RIGHT, ServerFolder.CALLER, OTHER, many(), ServerFolder.CALLER));
    signet = SignetProcess.serve(server.config());
  }

  private static String many() {
    return IntStream.range(0, MANY)
        .mapToObj(SecureNamingE2eTest::host)
        .collect(Collectors.joining(", "));
  }

  private static String host(int number) {
    return "host-" + number + ".example.org";
  }

  static List<Arguments> cells() {
    return Arrays.stream(Api.values())
        .flatMap(api -> Stream.of(Arguments.of(api, false), Arguments.of(api, true)))
        .toList();
  }

  // FLD-5, FLD-6, NAME-7: in both forms of bundles.
  @ParameterizedTest
  @MethodSource("cells")
  void server_ofTheHost_taken(Api api, boolean isolated) throws IOException {
    try (var envoy = start(api, isolated, RIGHT)) {
      assertThat(Traffic.request(envoy.listenerPort("out")))
          .startsWith("HTTP/1.1 200 ")
          .contains("x-server: " + ServerFolder.CALLER);
    }
  }

  @ParameterizedTest
  @MethodSource("cells")
  void server_ofAnotherService_refusedThoughItsCertificateIsGood(Api api, boolean isolated)
      throws IOException {
    try (var envoy = start(api, isolated, OTHER)) {
      assertThat(Traffic.request(envoy.listenerPort("out"))).startsWith("HTTP/1.1 503 ");
      assertThat(envoy.stat("cluster.server.ssl.fail_verify_san")).isPositive();
      assertThat(envoy.stat("cluster.server.ssl.fail_verify_error")).isZero();
    }
  }

  private static Envoy start(Api api, boolean isolated, String host) throws IOException {
    var source = SdsSource.unix(signet.socket()).by(api);
    var config =
        MeshConfig.both(source, Ports.free())
            .metadata("disable_spiffe_cert_validation: " + !isolated)
            .serverNamed("naming://" + host);
    var envoy = Envoy.start(config.yaml());
    try {
      envoy.awaitReady();
      return envoy;
    } catch (AssertionError e) {
      envoy.close();
      throw e;
    }
  }

  // SC-26, EF-1, SET-3: as many names as a client has servers.
  @ParameterizedTest
  @EnumSource
  void names_ofManyServers_allServed(Api api) throws IOException {
    var clusters = IntStream.range(0, MANY).mapToObj(SecureNamingE2eTest::cluster).toList();
    var source = SdsSource.unix(signet.socket()).by(api);
    try (var envoy = Envoy.start(MeshConfig.clusters(source, clusters).yaml())) {
      envoy.awaitReady();
      assertThat(envoy.total("^sds\\..*\\.update_success$")).isEqualTo(MANY);
      assertThat(envoy.total("^sds\\..*\\.update_rejected$")).isZero();
    }
  }

  private static String cluster(int number) {
    return """
    { name: "c%d", type: STATIC, connect_timeout: 1s, transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
      common_tls_context: { validation_context_sds_secret_config: { name: "naming://%s", sds_config: @sds@ } } } } }
    """
        .formatted(number, host(number));
  }
}
