package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.SoftHsm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The root's key lives in a PKCS#11 token, and nowhere else. */
@Tag("e2e")
final class SoftHsmE2eTest {
  private static final String PIN = "471147";

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

  @Test
  void serve_rootInToken_keyIsThereAndCannotLeave() throws Exception {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      signet.stop();
    }
    assertThat(pkcs11Tool("--list-objects", "--type", "privkey"))
        .containsOnlyOnce("Private Key Object; EC")
        .contains("sensitive, always sensitive, never extractable, local");
    assertThat(isSignedInToken(root().getPublicKey())).isTrue();
    assertThat(isSignedInToken(otherKey())).isFalse();
  }

  // In no file of the server, in a form of ours or in the usual ones.
  @Test
  void serve_rootInToken_noFileHoldsAPrivateKey() throws IOException {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      assertSigns();
      signet.stop();
    }
    assertThat(PrivateKeys.in(folder.path())).isEmpty();
  }

  // P11-12: and so it is not in the memory either. All that goes through the module is written
  // down.
  @Test
  void serve_rootInToken_processNeverSeesThePrivateKey() throws IOException {
    Path calls = temporary.resolve("calls");
    configure(hsm.spy(), PIN);
    try (var signet = SignetProcess.serve(folder.config(), hsm.spying(calls))) {
      assertSigns();
      signet.stop();
      signet.start();
      assertSigns();
      signet.stop();
    }
    var spied = SpiedCalls.read(calls);
    assertThat(spied.of("C_GenerateKeyPair")).hasSize(1);
    assertThat(spied.of("C_Sign")).isNotEmpty();
    assertThat(spied.of("C_UnwrapKey", "C_WrapKey", "C_DeriveKey")).isEmpty();
    assertThat(spied.of("C_CreateObject", "C_CopyObject"))
        .allSatisfy(call -> assertThat(call).contains("CKO_CERTIFICATE"));
    assertThat(spied.secretValues()).isEmpty();
  }

  // One attempt: three of them may lock a real token.
  @Test
  void serve_wrongPin_oneAttemptAndOneMessage() throws IOException {
    try (var signet = SignetProcess.serve(folder.config(), hsm.environment())) {
      signet.stop();
    }
    byte[] roots = Files.readAllBytes(folder.bundle());
    Path calls = temporary.resolve("calls");
    configure(hsm.spy(), "000000");
    Failure.of(serve(hsm.spying(calls))).names("signet", "PIN");
    assertThat(SpiedCalls.read(calls).of("C_Login")).hasSize(1);
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

  private X509Certificate root() throws IOException {
    return SignedChain.parse(Files.readString(folder.bundle())).getFirst();
  }

  /** Whether what the only key in the token signs is good by this public key. */
  private boolean isSignedInToken(PublicKey key) throws Exception {
    // SoftHSM signs digests only.
    Path digest = Files.write(temporary.resolve("digest"), new byte[32]);
    Path signature = temporary.resolve("signature");
    pkcs11Tool(
        "--sign",
        "--id",
        rootId(),
        "--mechanism=ECDSA",
        "--signature-format=openssl",
        "--input-file=" + digest,
        "--output-file=" + signature);
    var verifier = Signature.getInstance("NONEwithECDSA");
    verifier.initVerify(key);
    verifier.update(Files.readAllBytes(digest));
    return verifier.verify(Files.readAllBytes(signature));
  }

  private String rootId() throws IOException {
    var id = Pattern.compile("ID: +([0-9a-f]+)");
    var found = id.matcher(pkcs11Tool("--list-objects", "--type", "privkey"));
    assertThat(found.find()).isTrue();
    return found.group(1);
  }

  private static PublicKey otherKey() throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    return generator.generateKeyPair().getPublic();
  }

  private String pkcs11Tool(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("--token-label", "signet", "--pin", PIN));
    all.addAll(List.of(arguments));
    return hsm.pkcs11Tool(all.toArray(String[]::new));
  }
}
