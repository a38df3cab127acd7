package io.signet.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where an Envoy gets its secrets from: how it reaches the server, and what it shows of itself.
 *
 * @param cluster that the service needs, as a flow of YAML, or empty
 * @param service the {@code grpc_services} of the source, as a flow of YAML
 */
record SdsSource(Api api, String cluster, String service) {

  /** The two protocols of subscriptions, by the names that Envoy has for them. */
  enum Api {
    /** State of the world: {@code StreamSecrets}. */
    GRPC,
    /** {@code DeltaSecrets}. */
    DELTA_GRPC
  }

  private static final String SERVICE = "{ envoy_grpc: { cluster_name: sds-grpc } }";

  // Underscores and dashes are in the names of Istio's clusters, which :authority is made of.
  private static final String CLUSTER =
      """
      { name: sds-grpc, type: STATIC, connect_timeout: 5s,
        typed_extension_protocol_options: { envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions,
          @filters@
          explicit_http_config: { http2_protocol_options: {} } } },
        @transport@
        load_assignment: { cluster_name: sds-grpc, endpoints: [ { lb_endpoints: [ { endpoint: { address: { @address@ } } } ] } ] } }
      """;

  private static final String TLS =
      """
      transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
        sni: localhost,
        common_tls_context: { alpn_protocols: [h2], @own@
          validation_context: { trusted_ca: { filename: "@roots@" }, match_typed_subject_alt_names: [ { san_type: DNS, matcher: { exact: localhost } } ] } } } },
      """;

  private static final String INJECTOR =
      """
      http_filters: [
        { name: injector, typed_config: {
          "@type": type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector,
          credential: { name: envoy.http.injected_credentials.generic, typed_config: {
            "@type": type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic,
            header_value_prefix: "Bearer ",
            credential: { name: sds_token, sds_config: { path_config_source: { path: "@secret@" } } } } } } },
        { name: codec, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec } } ],
      """;

  private static final String GOOGLE =
      """
      { google_grpc: { target_uri: "localhost:@port@", stat_prefix: sds,
        credentials_factory_name: envoy.grpc_credentials.file_based_metadata,
        channel_credentials: { ssl_credentials: { root_certs: { filename: "@roots@" } } },
        call_credentials: [ { from_plugin: { name: envoy.grpc_credentials.file_based_metadata, typed_config: {
          "@type": type.googleapis.com/envoy.config.grpc_credential.v3.FileBasedMetadataConfig,
          secret_data: { filename: "@token@" }, header_prefix: "Bearer " } } } ] } }
      """;

  /** Over a Unix socket; the user who runs Envoy is its credential (AUTH-1). */
  static SdsSource unix(Path socket) {
    return new SdsSource(
        Api.GRPC, cluster("", "", "pipe: { path: \"" + socket.toAbsolutePath() + "\" }"), SERVICE);
  }

  /** On loopback without TLS, where nobody asks for a credential. */
  static SdsSource open(int port) {
    return new SdsSource(Api.GRPC, cluster("", "", loopback(port)), SERVICE);
  }

  /** Over TLS by Google's client, with a token that it reads anew for each stream (AUTH-3). */
  static SdsSource google(SignetProcess signet, Path token) {
    String service =
        GOOGLE
            .replace("@port@", String.valueOf(signet.workloadPort()))
            .replace("@roots@", signet.bundle().toAbsolutePath().toString())
            .replace("@token@", token.toAbsolutePath().toString());
    return new SdsSource(Api.GRPC, "", service);
  }

  /** Over TLS by Envoy's own client, to which a filter adds the token of the file (AUTH-4). */
  static SdsSource injected(SignetProcess signet, Path token) throws IOException {
    Path secret = token.resolveSibling(token.getFileName() + ".yaml");
    Files.writeString(
        secret,
        """
        resources:
        - "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
          name: sds_token
          generic_secret: { secret: { filename: "%s" } }
        """
            .formatted(token.toAbsolutePath()));
    String filters = INJECTOR.replace("@secret@", secret.toAbsolutePath().toString());
    return new SdsSource(Api.GRPC, cluster(filters, tls(signet, ""), loopback(signet)), SERVICE);
  }

  /** Over mutual TLS with what {@code svid fetch --out} has written (AUTH-2). */
  static SdsSource mutualTls(SignetProcess signet, Path svid) {
    String own =
        """
        tls_certificates: [ { certificate_chain: { filename: "%s" }, private_key: { filename: "%s" } } ],
        """
            .formatted(
                svid.resolve("svid.pem").toAbsolutePath(),
                svid.resolve("svid.key").toAbsolutePath());
    return new SdsSource(Api.GRPC, cluster("", tls(signet, own), loopback(signet)), SERVICE);
  }

  private static String tls(SignetProcess signet, String own) {
    return TLS.replace("@roots@", signet.bundle().toAbsolutePath().toString())
        .replace("@own@", own);
  }

  private static String loopback(SignetProcess signet) {
    return loopback(signet.workloadPort());
  }

  private static String loopback(int port) {
    return "socket_address: { address: 127.0.0.1, port_value: " + port + " }";
  }

  private static String cluster(String filters, String transport, String address) {
    return CLUSTER
        .replace("@filters@", filters)
        .replace("@transport@", transport)
        .replace("@address@", address);
  }

  /** The same by this protocol. */
  SdsSource by(Api protocol) {
    return new SdsSource(protocol, cluster, service);
  }

  /**
   * As a {@code sds_config}.
   *
   * @param patience after which a listener or cluster starts without the secret (EF-7)
   */
  String config(String patience) {
    return """
    { resource_api_version: V3, initial_fetch_timeout: "%s", api_config_source: {
      api_type: %s, transport_api_version: V3, set_node_on_first_message_only: true,
      grpc_services: [ %s ] } }
    """
        .formatted(patience, api, service);
  }
}
