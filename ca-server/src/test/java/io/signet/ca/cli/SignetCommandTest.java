package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.cli.Ran.FakeStarter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignetCommandTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "dev",
        "dev token",
        "serve",
        "config",
        "config check",
        "entitlement",
        "entitlement explain",
        "sds",
        "sds subscribers",
        "svid",
        "svid fetch",
        "svid watch",
        "svid sign"
      })
  void help_everyCommand_exitsWith0(String command) {
    Ran ran = signet((command + " --help").strip().split(" "));

    assertThat(ran.exit()).isZero();
    assertThat(ran.out()).startsWith("Usage: " + ("signet " + command).strip()).contains("--help");
  }

  @Test
  void help_root_namesWhatTheLauncherAdds() {
    assertThat(signet("--help").out()).contains("  test ", "  bench ");
  }

  @Test
  void version_named() {
    assertThat(signet("--version").out()).startsWith("signet ");
  }

  @ParameterizedTest
  @CsvSource({
    "'', 'dev, serve, config, keys, authority, ceremony, rotation, bundle, entitlement, sds, svid'",
    "svid, 'fetch, watch, sign, revoke, lift, revoked'",
    "sds, subscribers",
    "config, check",
    "keys, 'bench, change-passphrase, status'",
    "authority, 'csr, import, list'",
    "rotation, 'approve, cancel, force, start, status'",
    "bundle, show",
    "ceremony, 'root, sign'",
    "entitlement, explain"
  })
  void noCommand_usageOnStandardError(String command, String expected) {
    Ran ran = command.isEmpty() ? signet() : signet(command);

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .startsWith("no command (expected: one of " + expected + ")\n")
        .contains("Usage: " + ("signet " + command).strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve",
        "frobnicate",
        "dev --svid-ttl soon",
        "dev --custodian tpm",
        "svid sign --csr a",
        "svid fetch --sds nowhere",
        "dev token NS sa",
        "dev token ns sa --ttl 0s"
      })
  void wrongUsage_exitsWith2(String command) {
    Ran ran = signet(command.split(" "));

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).isNotEmpty().doesNotContain("\tat ");
  }

  @Test
  void configCheck_goodFile_ok() throws Exception {
    assertThat(signet("config", "check", file(good()).toString()))
        .isEqualTo(new Ran(0, "ok\n", ""));
  }

  @Test
  void configCheck_badFile_listsProblems() throws Exception {
    Path file = file(good() + "limits: off\n");

    Ran text = signet("config", "check", file.toString());
    Ran json = signet("config", "check", "--output", "json", file.toString());

    assertThat(text)
        .isEqualTo(new Ran(1, "line 8: limits: one value (expected: keys and values)\n", ""));
    assertThat(json.exit()).isEqualTo(1);
    assertThat(json.out())
        .isEqualTo(
            "{\"problems\":[{\"line\":8,\"key\":\"limits\",\"value\":\"one value\","
                + "\"expected\":\"keys and values\"}]}\n");
  }

  @Test
  void serve_goodFile_startsAndSaysReady() throws Exception {
    var starter = new FakeStarter();

    Ran ran = signet(starter, "serve", "--config", file(good()).toString());

    assertThat(ran)
        .isEqualTo(
            new Ran(0, "ready  workload 0.0.0.0:8443  operator http://127.0.0.1:8080\n", ""));
    assertThat(starter.started.get()).isNotNull();
  }

  @Test
  void serve_startFails_saysWhyWithoutTrace() throws Exception {
    var starter = new FakeStarter();
    starter.failWith(new StartException("listen.workload: 0.0.0.0:8443: in use"));

    Ran ran = signet(starter, "serve", "--config", file(good()).toString());

    assertThat(ran).isEqualTo(new Ran(1, "", "signet: listen.workload: 0.0.0.0:8443: in use\n"));
  }

  private Path file(String text) throws Exception {
    return Files.writeString(folder.resolve("signet.yaml"), text);
  }

  private static String good() {
    return """
    trust-domain: example.org
    serving-names: [localhost]
    keys:
      custodian: file
      file: { path: keys, passphrase: "env:SIGNET_PASSPHRASE" }
    attestation:
      unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
    """;
  }
}
