package io.signet.e2e;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The bootstrap of an Envoy that speaks mutual TLS with secrets from an SDS: at its listener {@code
 * in}, which answers who its client is; towards its cluster {@code server}, to which its listener
 * {@code out} passes plain requests, each over a new connection, and adds who the server is; or
 * both. Immutable: each test changes what it is about.
 */
final class MeshConfig {
  private static final String BOOTSTRAP =
      """
      { node: { id: "@id@", cluster: e2e, metadata: { @metadata@ } },
        static_resources: { clusters: [ @clusters@ ], listeners: [ @listeners@ ] } }
      """;

  private static final String IN =
      """
      { name: in, address: { socket_address: { address: 127.0.0.1, port_value: @port@ } },
        filter_chains: [ {
          filters: [ @http@ ],
          transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
            "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext,
            require_client_certificate: true, @tickets@
            common_tls_context: { @own@ @clients@ } } } } ] }
      """;

  // Without keys of a session each connection is a whole handshake.
  private static final String SERVER =
      """
      { name: server, type: STATIC, connect_timeout: 5s,
        typed_extension_protocol_options: { envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions,
          common_http_protocol_options: { max_requests_per_connection: 1 },
          explicit_http_config: { http_protocol_options: {} } } },
        load_assignment: { cluster_name: server, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: @server@ } } } } ] } ] },
        transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
          max_session_keys: @sessions@, sni: e2e,
          common_tls_context: { @own@ @servers@ } } } }
      """;

  private static final String OUT =
      """
      { name: out, address: { socket_address: { address: 127.0.0.1, port_value: 0 } },
        filter_chains: [ { filters: [ @http@ ] } ] }
      """;

  private static final String HTTP =
      """
      { name: http, typed_config: {
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
        stat_prefix: http,
        route_config: { virtual_hosts: [ { name: all, domains: ["*"],
          response_headers_to_add: [ { header: { key: %s, value: "%s" } } ],
          routes: [ { match: { prefix: / }, %s } ] } ] },
        http_filters: [ { name: router, typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } } ] } }
      """;

  private static final String OWN =
      "tls_certificate_sds_secret_configs: [ { name: \"@name@\", sds_config: @sds@ } ],";

  private static final String ON_DEMAND =
      """
      custom_tls_certificate_selector: { name: on-demand, typed_config: {
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config,
        config_source: @sds@,
        certificate_mapper: { name: static-name, typed_config: {
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.cert_mappers.static_name.v3.StaticName,
          name: "@name@" } } } },
      """;

  // Envoy does not start with both.
  private static final String NO_RESUMPTION =
      "disable_stateless_session_resumption: true, disable_stateful_session_resumption: true,";

  // What is said here and what comes over SDS are merged.
  private static final String COMBINED =
      """
      combined_validation_context: {
        default_validation_context: { match_typed_subject_alt_names: [ { san_type: URI, matcher: { prefix: "spiffe://example.org/" } } ] },
        validation_context_sds_secret_config: { name: ROOTCA, sds_config: @sds@ } }
      """;

  private static final String ALONE =
      "validation_context_sds_secret_config: { name: \"@names@\", sds_config: @sds@ }";

  private static final String TICKETS =
      "session_ticket_keys_sds_secret_config: { name: session-tickets, sds_config: @sds@ },";

  private final SdsSource source;
  private final List<String> clusters;
  private final List<String> listeners;
  private final Map<String, String> values;

  private MeshConfig(
      SdsSource source, List<String> clusters, List<String> listeners, Map<String, String> values) {
    this.source = source;
    this.clusters = clusters;
    this.listeners = listeners;
    this.values = values;
  }

  /** With listener {@code in} on a port of Envoy's choice. */
  static MeshConfig server(SdsSource source) {
    return of("server", source, List.of(), List.of(in()));
  }

  /** With cluster {@code server} on this port, and listener {@code out}. */
  static MeshConfig client(SdsSource source, int server) {
    return of("client", source, List.of(SERVER), List.of(out()))
        .with("@server@", String.valueOf(server));
  }

  /** With all of it in one Envoy, which talks to itself. */
  static MeshConfig both(SdsSource source, int port) {
    return of("both", source, List.of(SERVER), List.of(in(), out()))
        .with("@port@", String.valueOf(port))
        .with("@server@", String.valueOf(port));
  }

  /** With these clusters, each a flow of YAML, which may refer to {@code @sds@}. */
  static MeshConfig clusters(SdsSource source, List<String> all) {
    return of("clusters", source, all, List.of());
  }

  private static String in() {
    return IN.replace(
        "@http@",
        HTTP.formatted(
            "x-client", "%DOWNSTREAM_PEER_URI_SAN%", "direct_response: { status: 200 }"));
  }

  private static String out() {
    return OUT.replace(
        "@http@",
        HTTP.formatted("x-server", "%UPSTREAM_PEER_URI_SAN%", "route: { cluster: server }"));
  }

  private static MeshConfig of(
      String id, SdsSource source, List<String> clusters, List<String> listeners) {
    return new MeshConfig(source, clusters, listeners, Map.of("@id@", id));
  }

  private MeshConfig with(String place, String value) {
    Map<String, String> changed = new LinkedHashMap<>(values);
    changed.put(place, value);
    return new MeshConfig(source, clusters, listeners, changed);
  }

  /** Says this of its node, as a flow of YAML without the braces. */
  MeshConfig metadata(String members) {
    return with("@metadata@", members);
  }

  /** Asks for a certificate of this name. */
  MeshConfig certificate(String name) {
    return with("@name@", name);
  }

  /** Asks for its certificate when a handshake needs it (EF-3). */
  MeshConfig onDemand() {
    return with("@own@", ON_DEMAND).with("@tickets@", NO_RESUMPTION);
  }

  /** Takes for its server whom the secret of this name accepts, and nobody else. */
  MeshConfig serverNamed(String name) {
    return with("@servers@", ALONE).with("@names@", name);
  }

  /** Starts without the secrets that are not there by then (EF-7). */
  MeshConfig patience(String duration) {
    return with("@patience@", duration);
  }

  /** Has the keys of its session tickets from the SDS too, and resumes sessions (FLD-7). */
  MeshConfig tickets() {
    return with("@tickets@", TICKETS).with("@sessions@", "1");
  }

  /** As Envoy reads it: one flow of YAML, in one line. */
  String yaml() {
    Map<String, String> all = new LinkedHashMap<>(defaults());
    all.putAll(values);
    String config =
        BOOTSTRAP
            .replace("@clusters@", flow(source.cluster(), clusters))
            .replace("@listeners@", flow("", listeners));
    for (var each : all.entrySet()) {
      config = config.replace(each.getKey(), each.getValue());
    }
    return config
        .replace("@sds@", source.config(all.getOrDefault("@patience@", "15s")))
        .lines()
        .map(String::strip)
        .collect(Collectors.joining(" "));
  }

  // The parts first, for there are places in them too.
  private static Map<String, String> defaults() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("@own@", OWN);
    all.put("@clients@", COMBINED);
    all.put("@servers@", COMBINED);
    all.put("@tickets@", "");
    all.put("@sessions@", "0");
    all.put("@name@", "default");
    all.put("@port@", "0");
    all.put("@metadata@", "");
    return all;
  }

  private static String flow(String first, List<String> others) {
    return Stream.concat(Stream.of(first), others.stream())
        .filter(each -> !each.isEmpty())
        .collect(Collectors.joining(", "));
  }
}
