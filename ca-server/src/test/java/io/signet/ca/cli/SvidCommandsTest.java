package io.signet.ca.cli;

import static io.signet.ca.cli.FakeSdsServer.identity;
import static io.signet.ca.cli.FakeSdsServer.response;
import static io.signet.ca.cli.FakeSdsServer.roots;
import static io.signet.ca.cli.Ran.signet;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.Metadata;
import io.signet.ca.cli.Ran.FakeStarter;
import io.signet.ca.cli.SdsClient.Event.Pushed;
import io.signet.ca.cli.SdsClient.Event.Refused;
import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class SvidCommandsTest {
  private static final String ID = "spiffe://example.org/ns/shop/sa/cart";
  private static TestPki pki = new TestPki("", "", "");

  @TempDir Path folder;

  @BeforeAll
  static void create() throws Exception {
    pki = TestPki.create(ID);
  }

  @Test
  void fetch_unixSocket_toldAndWritten() throws Exception {
    Path out = folder.resolve("out");
    try (var server =
        FakeSdsServer.onSocket(
            socket(),
            response("1", identity("default", pki.leaf(), pki.key())),
            response("2", roots("ROOTCA", pki.root())))) {

      Ran ran = signet("svid", "fetch", "--sds", "unix:" + socket(), "--out", out.toString());

      assertThat(ran)
          .isEqualTo(
              new Ran(
                  0,
                  """
                  NAME     SPIFFE ID                             SERIAL  NOT AFTER             ISSUER   ROOTS
                  default  spiffe://example.org/ns/shop/sa/cart  ab      2099-01-01T00:00:00Z  CN=root  -
                  ROOTCA   -                                     01      2099-01-01T00:00:00Z  CN=root  1
                  """,
                  ""));
      assertThat(out.resolve("svid.pem")).hasContent(pki.leaf());
      assertThat(out.resolve("svid.key")).hasContent(pki.key());
      assertThat(out.resolve("bundle.pem")).hasContent(pki.root());
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(out.resolve("svid.key"))))
          .isEqualTo("rw-------");
      DiscoveryRequest first = server.requests.take();
      assertThat(first.getNode().getId()).isNotEmpty();
      assertThat(first.getResourceNamesList()).containsExactly("default", "ROOTCA");
      assertThat(first.getResponseNonce()).isEmpty();
      DiscoveryRequest ack = server.requests.take();
      assertThat(ack.getVersionInfo()).isEqualTo("1");
      assertThat(ack.getResponseNonce()).isEqualTo("nonce-1");
      assertThat(ack.hasErrorDetail()).isFalse();
    }
  }

  @Test
  void fetch_json_hasNoPrivateKey() throws Exception {
    try (var _ =
        FakeSdsServer.onSocket(
            socket(), response("1", identity("default", pki.leaf(), pki.key())))) {

      Ran ran =
          signet(
              "svid",
              "fetch",
              "--sds",
              "unix:" + socket(),
              "--name",
              "default",
              "--output",
              "json");

      assertThat(ran.exit()).as(ran.err()).isZero();
      assertThat(ran.out())
          .contains("\"spiffe-id\":\"" + ID + "\"", "BEGIN CERTIFICATE")
          .doesNotContain("PRIVATE");
    }
  }

  @Test
  void fetch_tlsWithToken_sentTrimmed() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "a.b.c\n");
    try (var server = FakeSdsServer.onTls(pki, response("1", roots("ROOTCA", pki.root())))) {

      Ran ran =
          signet(
              "svid",
              "fetch",
              "--sds",
              "localhost:" + server.port(),
              "--ca-file",
              caFile(),
              "--token-file",
              token.toString(),
              "--name",
              "ROOTCA");

      assertThat(ran.exit()).as(ran.err()).isZero();
      assertThat(
              server
                  .headers
                  .take()
                  .get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER)))
          .isEqualTo("Bearer a.b.c");
    }
  }

  @Test
  void fetch_certificateForAnotherName_refused() throws Exception {
    try (var server = FakeSdsServer.onTls(pki)) {

      Ran ran =
          signet("svid", "fetch", "--sds", "127.0.0.1:" + server.port(), "--ca-file", caFile());

      assertThat(ran.exit()).isEqualTo(1);
      assertThat(ran.err()).startsWith("signet: 127.0.0.1:" + server.port() + ": UNAVAILABLE: ");
    }
  }

  @Test
  void fetch_nameNeverComes_saysWhich() throws Exception {
    try (var _ = FakeSdsServer.onSocket(socket(), response("1", roots("ROOTCA", pki.root())))) {

      Ran ran = signet("svid", "fetch", "--sds", "unix:" + socket(), "--timeout", "1s");

      assertThat(ran)
          .isEqualTo(
              new Ran(
                  1,
                  "",
                  "signet: unix:%s: no secret default within 1s (expected: a name that this caller may have)\n"
                      .formatted(socket())));
    }
  }

  @Test
  void fetch_noServer_saysSo() {
    assertThat(signet("svid", "fetch", "--sds", "unix:" + socket()))
        .isEqualTo(new Ran(1, "", "signet: " + socket() + ": no such file\n"));
  }

  @Test
  void client_badSecret_refusedWithReasonThenGoodOneTaken() throws Exception {
    try (var server =
            FakeSdsServer.onSocket(
                socket(),
                response("1", roots("ROOTCA", pki.root())),
                response("2", roots("ROOTCA", "not PEM")),
                response("3", roots("ROOTCA", pki.root())));
        var connection = Connection.unix(socket());
        var client = SdsClient.open(connection.channel(), List.of("ROOTCA"))) {

      assertThat(client.next()).isInstanceOf(Pushed.class);
      assertThat(client.next()).isInstanceOf(Refused.class);
      assertThat(client.next()).isInstanceOf(Pushed.class);

      var unused = List.of(server.requests.take(), server.requests.take());
      DiscoveryRequest nack = requireNonNull(server.requests.poll(5, TimeUnit.SECONDS));
      assertThat(unused).hasSize(2);
      assertThat(nack.getErrorDetail().getMessage()).contains("ROOTCA");
      assertThat(nack.getVersionInfo()).isEqualTo("1");
      assertThat(nack.getResponseNonce()).isEqualTo("nonce-2");
      assertThat(server.requests.take().getVersionInfo()).isEqualTo("3");
    }
  }

  @Test
  void sign_request_chainWithoutRoots() throws Exception {
    Path csr = Files.writeString(folder.resolve("csr"), "-----BEGIN CERTIFICATE REQUEST-----");
    try (var server = FakeSdsServer.onTls(pki)) {
      String address = "localhost:" + server.port();

      Ran text =
          signet(
              "svid",
              "sign",
              "--csr",
              csr.toString(),
              "--address",
              address,
              "--ca-file",
              caFile(),
              "--ttl",
              "1m");
      Ran json =
          signet(
              "svid",
              "sign",
              "--csr",
              csr.toString(),
              "--address",
              address,
              "--ca-file",
              caFile(),
              "--output",
              "json");

      assertThat(text).isEqualTo(new Ran(0, "leaf for 60 s\nissuer\n", ""));
      assertThat(json.out())
          .isEqualTo("{\"chain\":\"leaf for 0 s\\nissuer\\n\",\"roots\":\"roots\\n\"}\n");
      assertThat(
              server
                  .headers
                  .take()
                  .get(Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER)))
          .isEqualTo("Kubernetes");
    }
  }

  @Test
  void sign_notARequest_refused() throws Exception {
    Path csr = Files.writeString(folder.resolve("csr"), "hello");

    Ran ran =
        signet(
            "svid",
            "sign",
            "--csr",
            csr.toString(),
            "--address",
            "localhost:1",
            "--ca-file",
            caFile());

    assertThat(ran.err())
        .isEqualTo("signet: " + csr + ": not a request (expected: PKCS#10 as PEM)\n");
  }

  @ParameterizedTest
  @CsvSource({
    "ca, PEM certificates",
    "cert, PEM certificates",
    "key, PKCS#8 as PEM",
  })
  void sign_fileThatIsNotPem_named(String which, String expected) throws Exception {
    Path csr = Files.writeString(folder.resolve("csr"), "-----BEGIN CERTIFICATE REQUEST-----");
    Files.writeString(folder.resolve("ca"), pki.root());
    Files.writeString(folder.resolve("cert"), pki.leaf());
    Files.writeString(folder.resolve("key"), pki.key());
    Path broken = folder.resolve(which);
    for (byte[] content : List.of(new byte[0], "hello".getBytes(UTF_8), new byte[] {0x30, -126})) {
      Files.write(broken, content);

      Ran ran =
          signet(
              "svid",
              "sign",
              "--csr=" + csr,
              "--address=localhost:1",
              "--ca-file=" + folder.resolve("ca"),
              "--cert=" + folder.resolve("cert"),
              "--key=" + folder.resolve("key"));

      assertThat(ran.exit()).isEqualTo(1);
      assertThat(ran.err())
          .startsWith("signet: " + broken + ": not ")
          .endsWith(" (expected: " + expected + ")\n");
    }
  }

  @Test
  void sign_addressWithoutAHostName_named() throws Exception {
    Path csr = Files.writeString(folder.resolve("csr"), "-----BEGIN CERTIFICATE REQUEST-----");

    Ran ran = signet("svid", "sign", "--csr=" + csr, "--address=a b:1", "--ca-file=" + caFile());

    assertThat(ran)
        .isEqualTo(
            new Ran(1, "", "signet: a b:1: not an address to connect to (expected: HOST:PORT)\n"));
  }

  @Test
  void watch_tokenGoneAtReconnect_triesOn() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "a.b.c");
    var said = new PipedReader();
    var saying = new PrintWriter(new PipedWriter(said));
    var lines = new BufferedReader(said);
    try (var server = FakeSdsServer.onTls(pki, response("1", roots("ROOTCA", pki.root())));
        var watcher = Executors.newSingleThreadExecutor()) {
      Future<Integer> watch =
          watcher.submit(() ->
              new SignetCommand(
                      new FakeStarter(), new FakeCustody(), new FakeCaOffice(), Clock.systemUTC())
                  .writingTo(new PrintWriter(Writer.nullWriter()), saying)
                  .run(
                      "svid",
                      "watch",
                      "--sds=localhost:" + server.port(),
                      "--ca-file=" + caFile(),
                      "--token-file=" + token,
                      "--name=ROOTCA"));
      var subscribedAndAcknowledged = List.of(server.requests.take(), server.requests.take());
      Files.delete(token);
      server.endStreams();

      assertThat(subscribedAndAcknowledged).hasSize(2);
      assertThat(lines.readLine()).endsWith("; again in 1 s");
      assertThat(lines.readLine()).isEqualTo("signet: " + token + ": no such file; again in 2 s");

      Files.writeString(token, "a.b.c");
      assertThat(server.requests.take().getResponseNonce()).isEmpty();
      assertThat(watch).isNotDone();
      assertThat(watcher.shutdownNow()).isEmpty();
    }
  }

  @Test // a program that reads files is told when they changed, and only then
  void watch_outAndExec_runsAfterEachChange() throws Exception {
    Path out = folder.resolve("out");
    Path runs = folder.resolve("runs");
    var told = new PipedReader();
    var telling = new PrintWriter(new PipedWriter(told));
    var lines = new BufferedReader(told);
    Secret first = identity("default", pki.leaf(), pki.key());
    try (var _ =
            FakeSdsServer.onSocket(
                socket(), response("1", first), response("1", first), response("2", bundle()));
        var watcher = Executors.newSingleThreadExecutor()) {
      Future<Integer> watch =
          watcher.submit(() ->
              new SignetCommand(
                      new FakeStarter(), new FakeCustody(), new FakeCaOffice(), Clock.systemUTC())
                  .writingTo(telling, new PrintWriter(Writer.nullWriter()))
                  .run(
                      "svid",
                      "watch",
                      "--sds=unix:" + socket(),
                      "--output=json",
                      "--out=" + out,
                      "--exec=ls " + out + " | tr '\\n' ' ' >> " + runs + "; echo >> " + runs));
      for (String version : List.of("1", "1", "2")) {
        assertThat(lines.readLine()).contains("\"version\":\"" + version + "\"");
      }

      assertThat(Files.readAllLines(runs))
          .containsExactly("svid.key svid.pem ", "bundle.pem svid.key svid.pem ");
      assertThat(watch).isNotDone();
      assertThat(watcher.shutdownNow()).isEmpty();
    }
  }

  @Test
  void watch_execWithoutOut_refused() {
    assertThat(signet("svid", "watch", "--sds=unix:" + socket(), "--exec=true").err())
        .startsWith("--exec: no files to change (expected: --out too)");
  }

  @Test // NAME-8: an init container waits for the socket
  @Timeout(60)
  void fetch_waitForServerThatComesLater_isAnswered() throws Exception {
    try (var fetcher = Executors.newSingleThreadExecutor()) {
      Future<Ran> fetch =
          fetcher.submit(() ->
              signet(
                  "svid",
                  "fetch",
                  "--sds=unix:" + socket(),
                  "--name=ROOTCA",
                  "--wait",
                  "--timeout=50s"));
      try (var _ = FakeSdsServer.onSocket(socket(), response("1", bundle()))) {
        assertThat(fetch.get().exit()).isZero();
      }
    }
  }

  private static Secret bundle() {
    return FakeSdsServer.roots("ROOTCA", pki.root());
  }

  private Path socket() {
    return folder.resolve("sds.sock");
  }

  private String caFile() throws Exception {
    return Files.writeString(folder.resolve("ca.pem"), pki.root()).toString();
  }
}
