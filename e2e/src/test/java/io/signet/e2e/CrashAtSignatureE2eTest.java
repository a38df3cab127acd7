package io.signet.e2e;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.PeerProcess;
import io.signet.e2e.peers.SoftHsm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The root's key is in a token, so that each use of it can be watched from outside. */
@Tag("e2e")
final class CrashAtSignatureE2eTest {
  private static final String PIN = "471147";

  @TempDir private Path temporary;

  /** One that was never started, and its token. */
  private record Server(ServerFolder folder, SoftHsm hsm) {}

  // ISS-2: whoever signs first and records then is caught in between.
  @Test
  void kill_whenTheTokenIsAskedToSign_intentIsInTheLedger() throws Exception {
    List<Integer> certificates = placesOfCertificates();
    assertThat(certificates).as("the root itself and an issuing authority").hasSize(2);
    for (int place : certificates) {
      var server = newServer("killed-" + place);
      String digest = digestAtKill(server, place);
      assertThat(digestsInLedger(server)).contains(digest);
    }
  }

  /** Which of the token's signatures at a first start are over certificates. */
  private List<Integer> placesOfCertificates() throws Exception {
    var server = newServer("whole");
    Path calls = temporary.resolve("calls");
    try (var signet = SignetProcess.serve(server.folder.config(), server.hsm.spying(calls))) {
      signet.stop();
    }
    List<String> signed = SpiedCalls.read(calls).signedDigests();
    Set<String> recorded = digestsInLedger(server);
    return IntStream.range(0, signed.size())
        .filter(place -> recorded.contains(signed.get(place)))
        .boxed()
        .toList();
  }

  private Server newServer(String name) throws IOException {
    var hsm = SoftHsm.createIn(Files.createDirectory(temporary.resolve(name + "-hsm")));
    hsm.initToken("signet", "12345678", PIN);
    var folder = ServerFolder.create(temporary.resolve(name));
    folder.secret("pin", PIN);
    folder.configure(
        """
        keys:
          custodian: pkcs11
          pkcs11: { library: "%s", token: signet, pin-file: pin }
        """
            .formatted(hsm.spy().toAbsolutePath()));
    return new Server(folder, hsm);
  }

  /** Kills the server at the signature in this place; what was to be signed. */
  private String digestAtKill(Server server, int place) throws Exception {
    Path calls = temporary.resolve("calls-" + place);
    Command.run(List.of("mkfifo", calls.toString()));
    var command = SignetProcess.program(List.of("serve", "--config", "" + server.folder.config()));
    // Its spy waits until somebody reads.
    try (var process =
        PeerProcess.start("signet", server.folder.path(), server.hsm.spying(calls), command)) {
      // On a thread that nobody waits for: it reads until the process has ended.
      return CompletableFuture.supplyAsync(
              () -> killedAt(place, process, calls),
              task -> Thread.ofPlatform().daemon().start(task))
          .orTimeout(60, SECONDS)
          .join();
    }
  }

  private static String killedAt(int place, PeerProcess process, Path calls) {
    var text = new StringBuilder();
    try (var lines = Files.newBufferedReader(calls)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        text.append(line).append('\n');
        if (!line.startsWith(SpiedCalls.SECOND_LINE)) continue;
        List<String> signed = SpiedCalls.parse(text.toString()).signedDigests();
        if (signed.size() > place) {
          process.kill();
          return signed.get(place);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("the server ended by itself:\n" + process.log());
  }

  private static Set<String> digestsInLedger(Server server) throws Exception {
    var sha256 = MessageDigest.getInstance("SHA-256");
    try (var store = LeftStore.open(server.folder.path().resolve("data"))) {
      return store.intents().stream()
          .map(tbs -> HexFormat.of().formatHex(sha256.digest(tbs)))
          .collect(Collectors.toSet());
    }
  }
}
