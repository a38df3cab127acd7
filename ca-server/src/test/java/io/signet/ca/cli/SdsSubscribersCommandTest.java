package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SdsSubscribersCommandTest {
  private static final String TWO =
      """
      {"streams":[\
      {"stream":"1","node":"web-1","identity":"spiffe://example.org/web","instance":"pod-1",\
      "listener":"unix:/sds.sock","names":[\
      {"name":"ROOTCA","state":"refused","version":"0123456789abcdef0123",\
      "since":"2026-11-23T12:00:00Z","nacks":2,"nack":"bad\\nroot"},\
      {"name":"none\\u001b[31m","state":"missing","nacks":0}]},\
      {"stream":"2","node":"web-2","identity":"spiffe://example.org/web","instance":"",\
      "listener":"","names":[]}],"shown":2,"total":2}\
      """;

  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private volatile String answer = TWO;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/sds/subscribers",
        exchange -> {
          asked.add(exchange.getRequestURI().getQuery());
          byte[] body = answer.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void subscribers_table_rowForEachName() {
    Ran ran = run();

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .isEqualTo(
            """
            IDENTITY                          NODE   LISTENER        STREAM  NAME       STATE    VERSION       SINCE                 NACKS  NACK
            spiffe://example.org/web (pod-1)  web-1  unix:/sds.sock  1       ROOTCA     refused  0123456789ab  2026-11-23T12:00:00Z  2      bad?root
            spiffe://example.org/web (pod-1)  web-1  unix:/sds.sock  1       none?[31m  missing  -             -                     0      -
            spiffe://example.org/web          web-2  -               2       -
            2 streams
            """);
    assertThat(asked).containsExactly("behind=false&limit=1000");
  }

  @Test
  void subscribers_json_asTheServerSaysIt() throws Exception {
    Ran ran = run("--output", "json");

    var mapper = new ObjectMapper();
    assertThat(mapper.readTree(ran.out())).isEqualTo(mapper.readTree(TWO));
    assertThat(ran.out().lines()).hasSize(1);
  }

  @Test
  void subscribers_behindAndLimit_theServerFilters() {
    answer = "{\"streams\":[],\"shown\":0,\"total\":7}";

    Ran ran = run("--behind", "--limit", "5");

    assertThat(asked).containsExactly("behind=true&limit=5");
    assertThat(ran.out())
        .endsWith("0 of 7 streams; --limit N for more, --behind for those that lack something\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "100001", "many"})
  void subscribers_badLimit_usage(String limit) {
    Ran ran = run("--limit", limit);

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--limit");
    assertThat(asked).isEmpty();
  }

  private Ran run(String... more) {
    List<String> command = new ArrayList<>(List.of("sds", "subscribers", "--operator"));
    command.add("http://127.0.0.1:" + server.getAddress().getPort());
    command.addAll(List.of(more));
    return signet(command.toArray(String[]::new));
  }
}
