package io.signet.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Peers;
import io.signet.e2e.peers.SoftHsm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The root's key lives in a PKCS#11 token, and nowhere else. */
@Tag("e2e")
final class SoftHsmE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String PIN = "471147";
  private static final String SPY = "usr/lib/x86_64-linux-gnu/pkcs11-spy.so";

  @TempDir private Path temporary;
  @AutoClose private SoftHsm hsm;
  private ServerFolder folder;
  private Csr csr;

  @BeforeEach
  void create() throws IOException {
    hsm = SoftHsm.create();
    hsm.initToken("signet", "12345678", PIN);
    folder = ServerFolder.create(temporary.resolve("server"));
    configure(hsm.library(), PIN);
    csr = Csr.create(temporary);
  }

  @Test
  void serve_rootInToken_signsAndServesTheSameRootAfterRestart() throws IOException {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      byte[] roots = Files.readAllBytes(folder.bundle());
      assertSigns();
      signet.stop();
      signet.start();
      assertSigns();
      assertThat(Files.readAllBytes(folder.bundle())).isEqualTo(roots);
    }
  }

  // The main job whole, but for Kubernetes: from the token to both ends of a mutual TLS.
  @Test
  void dev_rootInToken_envoysTalkThroughARenewal() throws IOException {
    var signet =
        SignetProcess.dev(
            temporary.resolve("dev"),
            hsm.environment(),
            "--svid-ttl=20s",
            "--custodian=pkcs11",
            "--pkcs11-library=" + hsm.library().toAbsolutePath(),
            "--pkcs11-pin-file=" + folder.path().resolve("pin"));
    try (var mesh = Mesh.launch(temporary, signet);
        var traffic = mesh.traffic()) {
      Set<String> first = Mesh.serials(mesh.server());
      Await.until("a renewal", SOON, () -> !Mesh.serials(mesh.server()).equals(first));
      traffic.awaitMore(10, SOON);
      assertThat(traffic.failures()).isEmpty();
      assertThat(temporary.resolve("dev/keys")).doesNotExist();
    }
  }

  @Test
  void serve_rootInToken_keyNeverLeavesIt() throws IOException {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      assertSigns();
      signet.stop();
    }
    assertThat(pkcs11Tool("--list-objects", "--type", "privkey"))
        .containsOnlyOnce("Private Key Object; EC")
        .contains("sensitive, always sensitive, never extractable, local");
    assertThat(folder.path().resolve("keys")).doesNotExist();
    assertThat(filesNaming("PRIVATE KEY")).isEmpty();
  }

  // One attempt: three of them may lock a real token.
  @Test
  void serve_wrongPin_oneAttemptAndOneMessage() throws IOException {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      signet.stop();
    }
    byte[] roots = Files.readAllBytes(folder.bundle());
    Path calls = temporary.resolve("calls");
    configure(Peers.require("opensc").resolve(SPY), "000000");
    Failure.of(serve(spied(calls))).names("signet", "PIN");
    assertThat(Files.readString(calls).lines().filter(line -> line.endsWith("C_Login"))).hasSize(1);
    configure(hsm.library(), PIN);
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      assertSigns();
      assertThat(Files.readAllBytes(signet.bundle())).isEqualTo(roots);
    }
  }

  private void configure(Path library, String pin) throws IOException {
    folder.secret("pin", pin);
    folder.configure(
        """
        keys:
          custodian: pkcs11
          pkcs11: { library: "%s", token: signet, pin-file: pin }
        """
            .formatted(library.toAbsolutePath()));
  }

  private void assertSigns() {
    try (var client = CsrClient.unix(folder.socket())) {
      assertThat(client.sign(csr).uris()).containsExactly(ServerFolder.CALLER);
    }
  }

  private Command.Result serve(Map<String, String> environment) throws IOException {
    return SignetProcess.command(environment, "serve", "--config", folder.config().toString());
  }

  /** OpenSC's spy stands between a program and a module, and writes down each call. */
  private Map<String, String> spied(Path calls) {
    Map<String, String> environment = new HashMap<>(hsm.environment());
    environment.put("PKCS11SPY", hsm.library().toString());
    environment.put("PKCS11SPY_OUTPUT", calls.toString());
    return environment;
  }

  private String pkcs11Tool(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("--token-label", "signet", "--pin", PIN));
    all.addAll(List.of(arguments));
    return hsm.pkcs11Tool(all.toArray(String[]::new));
  }

  private List<Path> filesNaming(String text) throws IOException {
    try (Stream<Path> files = Files.walk(folder.path())) {
      return files.filter(Files::isRegularFile).filter(file -> names(file, text)).toList();
    }
  }

  private static boolean names(Path file, String text) {
    try {
      return Files.readString(file, ISO_8859_1).contains(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
