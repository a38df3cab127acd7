package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("e2e")
final class EnvoyTest {
  private static final String ANSWERS =
      """
      static_resources:
        listeners:
        - name: web
          address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains:
          - filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: web
                route_config:
                  virtual_hosts:
                  - name: all
                    domains: ["*"]
                    routes:
                    - match: {prefix: /}
                      direct_response: {status: 200, body: {inline_string: hello}}
                http_filters:
                - name: router
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
      """;

  @Test
  void start_directResponse_answersAndCounts() throws IOException {
    try (var envoy = Envoy.start(ANSWERS)) {
      envoy.awaitReady();
      var web = URI.create("http://127.0.0.1:" + envoy.listenerPort("web"));
      assertThat(Http.get(web)).isEqualTo("hello");
      assertThat(envoy.stat("http.web.downstream_rq_total")).isEqualTo(1);
      assertThat(envoy.stats("http.web.downstream_rq_[0-9]xx"))
          .contains("http.web.downstream_rq_2xx: 1");
      assertThat(envoy.configDump("static_listeners")).contains("\"web\"");
      assertThat(envoy.certs()).contains("certificates");
    }
  }

  @Test
  void start_twoSideBySide_bothAnswer() throws IOException {
    try (var one = Envoy.start(ANSWERS);
        var other = Envoy.start(ANSWERS)) {
      one.awaitReady();
      other.awaitReady();
      assertThat(one.listenerPort("web")).isNotEqualTo(other.listenerPort("web"));
    }
  }

  @Test
  void start_wrongConfig_failsWithWhatEnvoySaid() {
    Peers.require("envoy"); // or else its absence would be what is caught
    assertThatThrownBy(() -> Envoy.start("static_resources: {listenerz: []}"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("listenerz");
  }
}
