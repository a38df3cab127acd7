package io.signet.ca.cli;

import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;

/** A bootstrap for Envoy: a listener with mutual TLS whose certificates come over SDS. */
final class EnvoyBootstrap {
  private static final String TEMPLATE =
      """
      # Written by `signet dev` at each start. Try: envoy -c envoy.yaml
      node: { id: envoy, cluster: envoy }
      static_resources:
        clusters:
        - name: signet
          type: STATIC
          connect_timeout: 1s
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: { http2_protocol_options: {} }
          load_assignment:
            cluster_name: signet
            endpoints: [ { lb_endpoints: [ { endpoint: { address: { pipe: { path: @SOCKET@ } } } } ] } ]
        listeners:
        - name: mutual_tls
          address: { socket_address: { address: 127.0.0.1, port_value: 10443 } }
          filter_chains:
          - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: hello
                route_config:
                  virtual_hosts:
                  - name: hello
                    domains: ["*"]
                    routes: [ { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "hello from @TRUST_DOMAIN@\\n" } } } ]
                http_filters:
                - name: envoy.filters.http.router
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
            transport_socket:
              name: envoy.transport_sockets.tls
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                require_client_certificate: true
                common_tls_context:
                  tls_certificate_sds_secret_configs:
                  - name: default
                    sds_config: &signet
                      resource_api_version: V3
                      initial_fetch_timeout: 15s
                      api_config_source:
                        api_type: GRPC
                        transport_api_version: V3
                        set_node_on_first_message_only: true
                        grpc_services: [ { envoy_grpc: { cluster_name: signet } } ]
                  combined_validation_context:
                    default_validation_context:
                      match_typed_subject_alt_names: [ { san_type: URI, matcher: { prefix: "spiffe://@TRUST_DOMAIN@/" } } ]
                    validation_context_sds_secret_config: { name: ROOTCA, sds_config: *signet }
      """;

  private EnvoyBootstrap() {}

  /**
   * The file. Envoy serves 127.0.0.1:10443 to whoever shows a certificate of the trust domain.
   *
   * @param socket where SDS is served, absolute
   */
  static String yaml(Path socket, TrustDomain trustDomain) {
    return TEMPLATE
        .replace("@TRUST_DOMAIN@", trustDomain.name())
        .replace("@SOCKET@", Json.of(socket.toString()));
  }
}
