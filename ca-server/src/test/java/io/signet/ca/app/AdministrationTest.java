package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.ca.cli.SignetCommand;
import io.signet.ca.cli.StartException;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Security;
import java.time.Clock;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole servers, and the commands of their administrators. */
@Timeout(60)
class AdministrationTest {
  private static final Clock REAL = Clock.systemUTC();
  private static final String TOKEN = "0123456789abcdef-the-token";
  private static final String BOTH =
      "admin: { token-file: admin.token, ids: [\"spiffe://example.org/user/jo\"] }";

  @TempDir Path folder;

  /** What a command has said. */
  private record Said(int exit, String out, String err) {}

  @BeforeEach
  void prepare() throws IOException {
    secret("passphrase", "correct horse");
    secret("admin.token", TOKEN);
  }

  @AfterEach
  void removeProvider() {
    Security.removeProvider("AmazonCorrettoCryptoProvider");
  }

  @CanIgnoreReturnValue
  private Path secret(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void start_tokenTooShort_refusedAndNotShown() throws Exception {
    secret("admin.token", "too-short");

    assertThatThrownBy(() -> serve(BOTH).close())
        .isInstanceOf(StartException.class)
        .hasMessage(folder.resolve("admin.token") + ": 9 bytes (expected: a token of 16 or more)");
  }

  @Test
  void svidOfAnAdministrator_overTls_isLetIn() throws Exception {
    try (SignetServer server = serve(BOTH)) {
      Path out = folder.resolve("out");
      Said fetched =
          signet("svid", "fetch", "--sds", "unix:" + folder.resolve("sds.sock"), "--out", out + "");
      assertThat(fetched.exit()).as(fetched.err()).isZero();

      Said said =
          signet(
              "rotation",
              "approve",
              "--operator",
              admin(server),
              "--cert",
              out.resolve("svid.pem").toString(),
              "--key",
              out.resolve("svid.key").toString(),
              "--ca-file",
              folder.resolve("bundle.pem").toString());

      // Through the door, to what does rotations.
      assertThat(said.err()).doesNotContain("credentials", "certificate", "no administrator");
      assertThat(said.err()).startsWith("signet: " + admin(server) + ": ");
    }
  }

  @Test
  void token_changedWhileServing_newOneCounts() throws Exception {
    try (SignetServer server = serve(BOTH)) {
      Path old = secret("old.token", TOKEN);
      Path other = secret("other.token", "another-token-0123456789");
      assertThat(approve(server, old).err()).doesNotContain("wrong token");
      assertThat(approve(server, other).err()).contains("wrong token");

      secret("admin.token", "another-token-0123456789");

      assertThat(approve(server, old).err()).contains("wrong token");
      assertThat(approve(server, other).err()).doesNotContain("wrong token");
    }
  }

  @Test
  void approve_nobodyConfigured_saysWhatToConfigure() throws Exception {
    try (SignetServer server = serve("")) {
      Said said = approve(server, secret("any.token", TOKEN));

      assertThat(said.exit()).isEqualTo(1);
      assertThat(said.err()).contains("nobody may administrate here", "admin.token-file");
    }
  }

  @Test
  void bundle_everybody_thatOfTheServer() throws Exception {
    try (SignetServer server = serve("")) {
      Said said = signet("bundle", "show", "--operator", operator(server), "--output", "pem");

      assertThat(said.out()).isEqualTo(Files.readString(folder.resolve("bundle.pem")));
    }
  }

  private Said approve(SignetServer server, Path token) {
    return signet(
        "rotation", "approve", "--operator", operator(server), "--admin-token-file", token + "");
  }

  private static String operator(SignetServer server) {
    return "http://" + server.listening().operator();
  }

  private static String admin(SignetServer server) {
    return "https://localhost:" + server.listening().admin().orElseThrow().port();
  }

  private static Said signet(String... command) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Custodians custody = new Custodians();
    int exit =
        new SignetCommand(
                (config, file) -> SignetServer.start(config, file, REAL),
                custody,
                new Office(custody, REAL),
                REAL)
            .writingTo(new PrintWriter(out, true), new PrintWriter(err, true))
            .run(command);
    return new Said(exit, out.toString(), err.toString());
  }

  private SignetServer serve(String admin) throws Exception {
    String listener = admin.isEmpty() ? "" : ", admin: \"127.0.0.1:0\"";
    SignetConfig config =
        SignetConfig.loadText(
            """
            trust-domain: example.org
            listen:
              { workload: "127.0.0.1:0", operator: "127.0.0.1:0", sds-socket: sds.sock%s }
            serving-names: [localhost]
            keys:
              custodian: file
              file: { path: keys, passphrase-file: passphrase }
            attestation:
              unix: [ { uid: %d, id: "spiffe://example.org/user/jo" } ]
            sinks: { bundle-file: bundle.pem }
            data-dir: data
            %s
            """
                .formatted(listener, (Integer) Files.getAttribute(folder, "unix:uid"), admin),
            folder);
    return SignetServer.start(config, Optional.empty(), REAL);
  }
}
