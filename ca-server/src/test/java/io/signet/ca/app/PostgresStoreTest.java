package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.store.PostgresSettings;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.PostgresServer;
import io.signet.ca.testing.UnixChannel;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.spiffe.Pem;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole server on PostgreSQL, which goes away and comes back. */
@Timeout(120)
final class PostgresStoreTest {

  @TempDir private Path folder;

  private SignetConfig config(PostgresSettings database) throws Exception {
    privateFile("passphrase", "correct horse");
    privateFile("password", database.user() + "\n");
    return SignetConfig.loadText(
        """
        trust-domain: example.org
        listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:0", sds-socket: sds.sock }
        serving-names: [localhost]
        keys:
          custodian: file
          file: { path: keys, passphrase-file: passphrase }
        attestation:
          unix: [ { uid: %s, id: "%s" } ]
        store: { url: "%s", user: %s, password-file: password }
        data-dir: data
        """
            .formatted(
                Files.getAttribute(folder, "unix:uid"),
                Fixtures.CART,
                database.url(),
                database.user()),
        folder);
  }

  private void privateFile(String name, String text) throws Exception {
    Path file = Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  // A start puts it first; the tests after these are to run as those before.
  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @Test
  void sign_databaseGoesAndComesBack_refusedMeanwhileAndReadinessSaysWhy(@TempDir Path there)
      throws Exception {
    try (PostgresServer postgres = PostgresServer.start(there)) {
      SignetConfig config = config(postgres.database());
      try (SignetServer server = SignetServer.start(config, Optional.empty(), Clock.systemUTC());
          UnixChannel caller =
              UnixChannel.to(server.listening().sdsSocket().orElseThrow(), "localhost")) {
        assertThat(answer(caller)).isEqualTo(Code.OK);
        assertThat(readiness(server)).doesNotContain("store");

        postgres.stop();
        assertThat(answer(caller)).isEqualTo(Code.UNAVAILABLE);
        assertThat(readiness(server))
            .contains("store", "it is used again as soon as it answers")
            .doesNotContain("password");

        postgres.start();
        while (readiness(server).contains("store")) {
          Thread.onSpinWait();
        }
        assertThat(answer(caller)).isEqualTo(Code.OK);
      }
    }
  }

  // The same root and the same place among the servers.
  @Test
  void start_again_sameReplica() throws Exception {
    SignetConfig config = config(PostgresServer.shared().database());
    SignetServer.start(config, Optional.empty(), Clock.systemUTC()).close();
    String id = Files.readString(folder.resolve("data/replica"));

    SignetServer.start(config, Optional.empty(), Clock.systemUTC()).close();

    assertThat(Files.readString(folder.resolve("data/replica"))).isEqualTo(id).isNotBlank();
    assertThat(folder.resolve("data/signet.mv.db")).doesNotExist();
  }

  private static Code answer(UnixChannel caller) {
    var request =
        IstioCertificateRequest.newBuilder()
            .setCsr(Pem.encode("CERTIFICATE REQUEST", Fixtures.CSR))
            .build();
    try {
      var answer =
          IstioCertificateServiceGrpc.newBlockingStub(caller.channel()).createCertificate(request);
      assertThat(answer.getCertChainList()).isNotEmpty();
      return Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static String readiness(SignetServer server) throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var ready = URI.create("http://" + server.listening().operator() + "/healthz/ready");
      return http.send(HttpRequest.newBuilder(ready).build(), BodyHandlers.ofString()).body();
    }
  }
}
