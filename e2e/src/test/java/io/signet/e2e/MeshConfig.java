package io.signet.e2e;

import java.nio.file.Path;

/** Bootstraps of two Envoys that speak mutual TLS to each other with secrets from our SDS. */
final class MeshConfig {
  private MeshConfig() {}

  private static final String SERVER =
      """
      node: { id: server, cluster: e2e }
      static_resources:
        clusters:
        - name: sds
          type: STATIC
          connect_timeout: 1s
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: { http2_protocol_options: {} }
          load_assignment:
            cluster_name: sds
            endpoints: [ { lb_endpoints: [ { endpoint: { address: { pipe: { path: "@socket@" } } } } ] } ]
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
                  - name: all
                    domains: ["*"]
                    response_headers_to_add:
                    - header: { key: x-client, value: "%DOWNSTREAM_PEER_URI_SAN%" }
                    routes: [ { match: { prefix: / }, direct_response: { status: 200 } } ]
                http_filters:
                - name: router
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
            transport_socket:
              name: envoy.transport_sockets.tls
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                require_client_certificate: true
                common_tls_context: &tls
                  tls_certificate_sds_secret_configs:
                  - name: "@name@"
                    sds_config: &sds
                      resource_api_version: V3
                      initial_fetch_timeout: "@patience@"
                      api_config_source:
                        api_type: GRPC
                        transport_api_version: V3
                        set_node_on_first_message_only: true
                        grpc_services: [ { envoy_grpc: { cluster_name: sds } } ]
                  combined_validation_context:
                    default_validation_context:
                      match_typed_subject_alt_names:
                      - { san_type: URI, matcher: { prefix: "spiffe://example.org/" } }
                    validation_context_sds_secret_config: { name: ROOTCA, sds_config: *sds }
      """;

  private static final String CLIENT =
      """
      node: { id: client, cluster: e2e }
      static_resources:
        clusters:
        - name: server
          type: STATIC
          connect_timeout: 5s
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              common_http_protocol_options: { max_requests_per_connection: 1 }
              explicit_http_config: { http_protocol_options: {} }
          load_assignment:
            cluster_name: server
            endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: @server@ } } } } ] } ]
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              max_session_keys: 0  # so that each connection is a whole handshake
              common_tls_context:
                tls_certificate_sds_secret_configs:
                - name: default
                  sds_config: &sds
                    resource_api_version: V3
                    api_config_source:
                      api_type: GRPC
                      transport_api_version: V3
                      set_node_on_first_message_only: true
                      grpc_services:
                      - google_grpc:
                          target_uri: localhost:@signet@
                          stat_prefix: sds
                          credentials_factory_name: envoy.grpc_credentials.file_based_metadata
                          channel_credentials: { ssl_credentials: { root_certs: { filename: "@roots@" } } }
                          call_credentials:
                          - from_plugin:
                              name: envoy.grpc_credentials.file_based_metadata
                              typed_config:
                                "@type": type.googleapis.com/envoy.config.grpc_credential.v3.FileBasedMetadataConfig
                                secret_data: { filename: "@token@" }
                                header_prefix: "Bearer "
                combined_validation_context:
                  default_validation_context:
                    match_typed_subject_alt_names:
                    - { san_type: URI, matcher: { prefix: "spiffe://example.org/" } }
                  validation_context_sds_secret_config: { name: ROOTCA, sds_config: *sds }
        listeners:
        - name: out
          address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
          filter_chains:
          - filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: out
                route_config:
                  virtual_hosts:
                  - name: all
                    domains: ["*"]
                    response_headers_to_add:
                    - header: { key: x-server, value: "%UPSTREAM_PEER_URI_SAN%" }
                    routes: [ { match: { prefix: / }, route: { cluster: server } } ]
                http_filters:
                - name: router
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
      """;

  /** Listener {@code in} answers who its client is; SDS over the Unix socket (AUTH-1). */
  static String server(Path socket) {
    return server(socket, "default", "15s");
  }

  /**
   * As {@link #server(Path)}.
   *
   * @param name of the certificate that is asked for
   * @param patience after which the listener starts without it (EF-7)
   */
  static String server(Path socket, String name, String patience) {
    return SERVER
        .replace("@socket@", socket.toAbsolutePath().toString())
        .replace("@name@", name)
        .replace("@patience@", patience);
  }

  /**
   * Listener {@code out} passes plain requests on to the server, each over a new connection, and
   * adds who the server is; SDS over TLS with a token from a file (AUTH-3).
   */
  static String client(int server, int signet, Path roots, Path token) {
    return CLIENT
        .replace("@server@", String.valueOf(server))
        .replace("@signet@", String.valueOf(signet))
        .replace("@roots@", roots.toAbsolutePath().toString())
        .replace("@token@", token.toAbsolutePath().toString());
  }
}
