package io.signet.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import com.nimbusds.jose.jwk.ECKey;
import io.signet.attestation.oidc.FakeIssuer;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;

/**
 * SC-25: an Envoy that asks by REST. It has its certificate by a token and over HTTP/2, and its
 * roots by a client certificate and over HTTP/1.1.
 */
@Tag("e2e")
@Execution(CONCURRENT)
final class SdsRestE2eTest {
  private static final ECKey KEY = FakeIssuer.key("key");
  private static final Duration LONG = Duration.ofSeconds(60);

  private static final String BOOTSTRAP =
      """
      node: { id: rest, cluster: e2e, metadata: { extra: { "@type": type.googleapis.com/no.such.Type } } }
      static_resources:
        secrets:
        - { name: token, generic_secret: { secret: { filename: "@folder@/authorization" } } }
        clusters:
        - name: by_token
          type: STATIC
          connect_timeout: 5s
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: { http2_protocol_options: {} }
              http_filters:
              - name: credentials
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector
                  credential:
                    name: envoy.http.injected_credentials.generic
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic
                      credential: { name: token }
              - name: codec
                typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec }
          load_assignment: &signet
            cluster_name: signet
            endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: @port@ } } } } ] } ]
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: localhost
              common_tls_context:
                alpn_protocols: [h2]
                validation_context: &server
                  trusted_ca: { filename: "@bundle@" }
                  match_typed_subject_alt_names: [ { san_type: DNS, matcher: { exact: localhost } } ]
        - name: by_certificate
          type: STATIC
          connect_timeout: 5s
          load_assignment: *signet
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: localhost
              common_tls_context:
                tls_certificates: [ { certificate_chain: { filename: "@folder@/svid.pem" }, private_key: { filename: "@folder@/svid.key" } } ]
                validation_context: *server
        listeners:
        - name: in
          address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
          filter_chains:
          - filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: in
                route_config:
                  virtual_hosts:
                  - { name: all, domains: ["*"], routes: [ { match: { prefix: / }, direct_response: { status: 200 } } ] }
                http_filters:
                - name: router
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
            transport_socket:
              name: envoy.transport_sockets.tls
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                require_client_certificate: true
                common_tls_context:
                  tls_certificate_sds_secret_configs:
                  - name: me
                    sds_config:
                      resource_api_version: V3
                      api_config_source: { api_type: REST, transport_api_version: V3, cluster_names: [by_token], refresh_delay: 1s, request_timeout: 10s }
                  combined_validation_context:
                    default_validation_context:
                      match_typed_subject_alt_names: [ { san_type: URI, matcher: { prefix: "spiffe://example.org/" } } ]
                    validation_context_sds_secret_config:
                      name: ROOTCA
                      sds_config:
                        resource_api_version: V3
                        api_config_source: { api_type: REST, transport_api_version: V3, cluster_names: [by_certificate], refresh_delay: 1s, request_timeout: 10s }
      """;

  // A multiple of 3 bytes, so that what follows does not change how they are encoded.
  private static final byte[] PEM_BEGIN = "-----BEGIN PRIVATE KEY--".getBytes(UTF_8);

  @TempDir private Path folder;
  @AutoClose private final FakeIssuer issuer = new FakeIssuer(KEY);
  private final int port = Ports.free();
  private ServerFolder server;
  @AutoClose private SignetProcess signet;

  // What the token proves lives for 20 s; the client certificate lives for longer than the test.
  @BeforeEach
  void serve() throws IOException {
    server = ServerFolder.create(folder.resolve("server"));
    String jwt =
        "jwt: [ { issuer: \"%s\", jwks-url: \"%s\" } ]\n".formatted(issuer.url(), issuer.jwksUrl());
    server.configureMore(
        """
        sds: { names: { default-svid: me } }
        entitlements:
        - { caller: "spiffe://example.org/ns/default/sa/*", max-lifetime: 20s }
        """
            + ServerFolder.attestation(jwt));
    String config = Files.readString(server.config());
    Files.writeString(
        server.config(),
        config.replace("listen:\n", "listen:\n  sds-rest: 127.0.0.1:%d\n".formatted(port)));
    signet = SignetProcess.serve(server.config());
    fetchSvid();
    Files.writeString(
        folder.resolve("authorization"), "Bearer " + issuer.token(KEY, Clock.systemUTC()).token());
  }

  private void fetchSvid() throws IOException {
    String socket = "unix:" + server.socket();
    var fetched =
        SignetProcess.command(
            "svid",
            "fetch",
            "--sds",
            socket,
            "--name",
            "me",
            "--name",
            "ROOTCA",
            "--out",
            folder.toString());
    assertThat(fetched.exit()).as(fetched.errors()).isZero();
  }

  @Test
  void listener_secretsByRest_comesUpServesAndRenews() throws Exception {
    try (var envoy = Envoy.start(bootstrap())) {
      envoy.awaitReady();
      Set<String> first = Mesh.serials(envoy);
      assertThat(first).hasSize(2); // one of them is the client certificate, which stays
      assertServes(envoy);

      Await.until("the renewed SVID", LONG, () -> !Mesh.serials(envoy).equals(first));

      assertServes(envoy);
      assertThat(envoy.certs()).contains("spiffe://example.org/ns/default/sa/web");
      assertThat(envoy.total("^sds\\..*\\.update_rejected$")).isZero();
      assertThat(envoy.stat("cluster.by_token.upstream_cx_http2_total")).isPositive();
      assertThat(envoy.stat("cluster.by_certificate.upstream_cx_http1_total")).isPositive();
    }
    assertThat(signet.log())
        .contains("  sds https://127.0.0.1:" + port)
        .doesNotContain("PRIVATE KEY", Base64.getEncoder().encodeToString(PEM_BEGIN));
  }

  private void assertServes(Envoy envoy) throws Exception {
    assertThat(MutualTls.of(folder).get(envoy.listenerPort("in"))).startsWith("HTTP/1.1 200 ");
  }

  private String bootstrap() {
    return BOOTSTRAP
        .replace("@folder@", folder.toString())
        .replace("@bundle@", server.bundle().toString())
        .replace("@port@", String.valueOf(port));
  }
}
