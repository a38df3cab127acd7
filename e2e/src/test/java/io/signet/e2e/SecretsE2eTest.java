package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.SoftHsm;
import io.signet.hsm.vault.Bao;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server needs to get at its keys is seen by nobody: not in the list of processes, not in a
 * log of everything, not in what {@code config check} prints; and in its memory only as often as it
 * is needed later (CT-8, KC-8).
 */
@Tag("e2e")
final class SecretsE2eTest {
  private static final String PIN = "pin-4711-of-this-test";

  private static final String LOG_OF_EVERYTHING =
      """
      <configuration>
        <appender name="all" class="ch.qos.logback.core.ConsoleAppender">
          <target>System.err</target>
          <encoder><pattern>%level %logger %msg %mdc%n%ex</pattern></encoder>
        </appender>
        <root level="TRACE"><appender-ref ref="all" /></root>
      </configuration>
      """;

  @TempDir private Path temporary;
  private ServerFolder folder;

  @BeforeEach
  void create() throws IOException {
    folder = ServerFolder.create(temporary.resolve("server"));
  }

  // The keys to come are sealed without it.
  @Test
  void passphrase_serverThatSigns_shownNowhereAndNotInItsMemory() throws Exception {
    HeapDump heap = dumped(Map.of(), ServerFolder.PASSPHRASE);

    assertThat(heap.inChars(ServerFolder.PASSPHRASE)).isZero();
    assertThat(heap.inBytes(ServerFolder.PASSPHRASE)).isZero();
  }

  // With it a session that is lost is logged in again. It is no String, which nobody could wipe.
  @Test
  void pin_serverThatSigns_shownNowhereAndOnceInItsMemory() throws Exception {
    try (SoftHsm hsm = SoftHsm.create()) {
      hsm.initToken("signet", "12345678", PIN);
      folder.secret("pin", PIN);
      folder.configure(
          """
          keys:
            custodian: pkcs11
            pkcs11: { library: "%s", token: signet, pin-file: pin }
            issuing: custodian
          """
              .formatted(hsm.library()));

      HeapDump heap = dumped(hsm.environment(), PIN);

      assertThat(heap.inChars(PIN)).isEqualTo(1);
      assertThat(heap.inBytes(PIN)).isZero();
    }
  }

  // It is read for each login.
  @Test
  void secretId_serverThatSigns_shownNowhereAndNotInItsMemory() throws Exception {
    try (Bao bao = bao()) {
      String secretId = bao.enableAppRole("signet", "signet");
      folder.secret("secret-id", secretId);
      configure(bao, "method: approle, mount: signet, role-id: signet, secret-id-file: secret-id");

      HeapDump heap = dumped(Map.of(), secretId);

      assertThat(heap.inChars(secretId)).isZero();
      assertThat(heap.inBytes(secretId)).isZero();
    }
  }

  // Each request shows it, and an HTTP client takes nothing but a String.
  @Test
  void vaultToken_serverThatSigns_shownNowhereAndInItsMemoryAsText() throws Exception {
    try (Bao bao = bao()) {
      String token = bao.createToken("signet");
      folder.secret("token", token);
      configure(bao, "method: token, token-file: token");

      HeapDump heap = dumped(Map.of(), token);

      assertThat(heap.inBytes(token)).isPositive();
      assertThat(heap.inChars(token)).isZero();
    }
  }

  private Bao bao() throws Exception {
    Bao bao = Bao.start(temporary.resolve("bao"));
    bao.mountTransit("signet");
    bao.writePolicy("signet", "signet");
    return bao;
  }

  private void configure(Bao bao, String auth) throws IOException {
    folder.configure(
        """
        keys:
          custodian: vault
          vault: { address: "%s", mount: signet, auth: { %s } }
          issuing: custodian
        """
            .formatted(bao.address(), auth));
  }

  /** The heap of a server that signs, when all that it shows was looked at. */
  private HeapDump dumped(Map<String, String> environment, String secret) throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    Path everything = Files.writeString(temporary.resolve("log.xml"), LOG_OF_EVERYTHING);
    all.put("JAVA_TOOL_OPTIONS", "-Dlogback.configurationFile=" + everything);
    try (var signet = SignetProcess.serve(folder.config(), all)) {
      sign(signet);
      HeapDump heap = HeapDump.of(signet.process().pid(), temporary);
      assertThat(commandLine(signet)).contains("serve").doesNotContain(secret);
      signet.stop();
      assertThat(signet.log()).contains("TRACE io.netty").doesNotContain(secret);
      Command.Result check =
          SignetProcess.command(all, "config", "check", folder.config().toString());
      assertThat(check.output()).contains("ok");
      assertThat(check.output() + check.errors()).doesNotContain(secret);
      return heap;
    }
  }

  private void sign(SignetProcess signet) throws IOException {
    Csr csr = Csr.create(temporary);
    try (var client = CsrClient.unix(signet.socket())) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.sign(csr).uris()).containsExactly(ServerFolder.CALLER);
      }
    }
  }

  private static String commandLine(SignetProcess signet) throws IOException {
    return Files.readString(Path.of("/proc/" + signet.process().pid() + "/cmdline"));
  }
}
