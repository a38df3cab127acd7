package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Openssl;
import io.signet.e2e.peers.SoftHsm;
import io.signet.hsm.vault.Bao;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers whose root is not their own: in OpenBao, in a token that is used in a ceremony, or taken
 * over from an Istio. What they issue is believed by openssl, with nothing but that root.
 */
@Tag("e2e")
final class CaElsewhereE2eTest {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";
  private static final String PIN = "471147";

  @TempDir private Path temporary;
  private ServerFolder folder;
  private Csr csr;

  @BeforeEach
  void create() throws IOException {
    folder = ServerFolder.create(temporary.resolve("server"));
    csr = Csr.create(temporary);
  }

  // VPKI-1, 2, 4; VAUTH-6: without OpenBao what is there goes on.
  @Test
  void serve_rootInOpenBao_leavesBelowItAlsoWhileItIsSealed() throws Exception {
    try (Bao bao = Bao.start(temporary.resolve("bao"))) {
      String root = vaultRoot(bao);
      Files.writeString(folder.path().resolve("roots.pem"), root);
      configureVault(bao);
      try (var signet = SignetProcess.serve(folder.config())) {
        SignedChain first = sign(signet);
        assertThat(first.intermediates()).hasSize(1);
        assertThat(first.roots()).isEqualTo(root);
        assertBelieved(first, root);

        bao.seal();

        assertBelieved(sign(signet), root);
        assertThat(PrivateKeys.in(folder.path())).isEmpty();
      }
    }
  }

  // P11-22, of a CA above: nobody has to start us again.
  @Test
  void serve_openBaoSealedAtTheStart_waitsAndServesWhenItIsUnsealed() throws Exception {
    try (Bao bao = Bao.start(temporary.resolve("bao"))) {
      String root = vaultRoot(bao);
      Files.writeString(folder.path().resolve("roots.pem"), root);
      configureVault(bao);
      bao.seal();
      try (var signet = SignetProcess.waiting(folder.config(), Map.of())) {
        assertThat(signet.get("/healthz/ready").statusCode()).isEqualTo(503);

        bao.unseal();

        signet.awaitReady();
        assertBelieved(sign(signet), root);
      }
    }
  }

  // Whatever is answered, what is not below the roots of the configuration is not served.
  @Test
  void serve_anotherRootThanTheConfiguredOne_refusedAndSaid() throws Exception {
    try (Bao bao = Bao.start(temporary.resolve("bao"))) {
      assertThat(vaultRoot(bao)).isNotEmpty();
      Path other = selfSigned("other");
      Files.copy(other, folder.path().resolve("roots.pem"));
      configureVault(bao);

      Command.Result served =
          SignetProcess.command("serve", "--config", folder.config().toString());

      assertThat(served.exit()).isEqualTo(1);
      assertThat(served.errors())
          .contains("CN=Vault Root", "neither in the chain nor one of the roots", "CN=other");
    }
  }

  private static String vaultRoot(Bao bao) throws Exception {
    bao.post("sys/mounts/mesh", "{\"type\":\"pki\",\"config\":{\"max_lease_ttl\":\"87600h\"}}");
    String made =
        bao.post(
            "mesh/root/generate/internal", "{\"common_name\":\"Vault Root\",\"ttl\":\"8760h\"}");
    bao.post(
        "sys/policies/acl/mesh",
        "{\"policy\":\"path \\\"mesh/root/sign-intermediate\\\" { capabilities = [\\\"update\\\"]"
            + " }\"}");
    Matcher pem = Pattern.compile("\"certificate\":\"([^\"]*)\"").matcher(made);
    assertThat(pem.find()).as(made).isTrue();
    return pem.group(1).replace("\\n", "\n") + "\n";
  }

  private void configureVault(Bao bao) throws Exception {
    folder.secret("secret-id", bao.enableAppRole("mesh", "mesh"));
    folder.configure(
        """
        keys: { custodian: memory }
        authority:
          root: vault
          roots-file: roots.pem
          vault:
            address: "%s"
            mount: mesh
            auth: { method: approle, mount: mesh, role-id: mesh, secret-id-file: secret-id }
        """
            .formatted(bao.address()));
  }

  @Test
  void ceremony_rootInToken_leavesBelowItWithoutTheToken() throws Exception {
    try (SoftHsm offline = SoftHsm.create()) {
      offline.initToken("offline", "12345678", PIN);
      folder.configureMore("authority: { root: imported }\n");
      Path ceremony = writeCeremony(offline);
      String config = folder.config().toString();

      Command.Result early = SignetProcess.command("serve", "--config", config);
      assertThat(early.exit()).isEqualTo(1);
      assertThat(early.errors()).contains("no CA was imported yet (expected: signet authority csr");
      run(Map.of(), "authority", "csr", "--config", config, "--out", file("signet.csr"));
      hold(offline, "root", ceremony, "first.txt");
      String shown = hold(offline, "sign", ceremony, "second.txt");
      run(
          Map.of(),
          "authority",
          "import",
          "--config",
          config,
          "--certificate",
          file("ca.pem"),
          "--roots",
          file("root.pem"));

      assertThat(shown).contains("Sign a CA", "its key        ec-p256", "by the root    CN=Root ");
      assertThat(Files.readString(Path.of(file("second.txt"))))
          .contains("It was agreed to.", "Is about to sign", "Has signed", "BEGIN CERTIFICATE");
      try (var signet = SignetProcess.serve(folder.config())) {
        SignedChain chain = sign(signet);
        assertThat(chain.intermediates()).hasSize(2);
        assertBelieved(chain, Files.readString(Path.of(file("root.pem"))));
        assertThat(Openssl.run("req", "-in", file("signet.csr"), "-noout", "-verify", "-text"))
            .contains("URI:spiffe://example.org", "CA:TRUE, pathlen:1", "Certificate Sign");
      }
    }
  }

  private Path writeCeremony(SoftHsm offline) throws IOException {
    folder.secret("pin", PIN);
    return Files.writeString(
        folder.path().resolve("ceremony.yaml"),
        """
        trust-domain: example.org
        keys:
          custodian: pkcs11
          pkcs11: { library: %s, token: offline, pin-file: pin }
          algorithm: ec-p384
        ceremony:
          root-file: root.pem
          request-file: signet.csr
          certificate-file: ca.pem
          transcript-file: transcript.txt
        """
            .formatted(offline.library()));
  }

  /** Those who hold it agree. */
  private String hold(SoftHsm offline, String act, Path ceremony, String transcript)
      throws IOException {
    Path own =
        Files.writeString(
            folder.path().resolve(act + ".yaml"),
            Files.readString(ceremony).replace("transcript.txt", transcript));
    String program =
        String.join(
            " ",
            SignetProcess.program(List.of("ceremony", act, "--config", own.toString())).stream()
                .map(word -> "'" + word + "'")
                .toList());
    return Command.run(offline.environment(), List.of("sh", "-c", "echo yes | " + program));
  }

  // K8S-53, 54: proxies with certificates of the old CA and of the new one believe each other all
  // the time, and renew here by what they have.
  @Test
  void takeOver_istioCaSecret_meshGoesOnWithItsRoot() throws Exception {
    Path istio = Files.createDirectory(temporary.resolve("istio"));
    Path root = istioRoot(istio);
    Path old = istioLeaf(istio);
    folder.configureMore("authority: { root: imported }\n");
    run(
        Map.of(),
        "authority",
        "import",
        "--config",
        folder.config().toString(),
        "--istio",
        istio.toString());

    try (var signet = SignetProcess.serve(folder.config())) {
      Path request = Files.writeString(temporary.resolve("new.csr"), csr.pem());
      String chain =
          run(
              Map.of(),
              "svid",
              "sign",
              "--csr",
              request.toString(),
              "--address",
              "localhost:" + signet.workloadPort(),
              "--ca-file",
              root.toString(),
              "--cert",
              old.toString(),
              "--key",
              istio.resolve("leaf-key.pem").toString());

      List<X509Certificate> certificates = SignedChain.parse(chain);
      assertThat(certificates).hasSize(2);
      assertThat(certificates.getFirst().getSubjectAlternativeNames())
          .containsExactly(List.of(6, CART));
      assertBelieved(sign(signet), Files.readString(root));
      assertThat(Files.readString(signet.bundle())).isEqualTo(Files.readString(root));
      assertThat(PrivateKeys.in(signet.dataDirectory())).isEmpty();
    }
  }

  private static Path istioRoot(Path istio) throws IOException {
    Openssl.run(
        ("req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /O=example.org"
                + " -addext basicConstraints=critical,CA:TRUE"
                + " -addext keyUsage=critical,digitalSignature,keyCertSign"
                + " -keyout %1$s/ca-key.pem -out %1$s/ca-cert.pem")
            .formatted(istio)
            .split(" "));
    return istio.resolve("ca-cert.pem");
  }

  private static Path istioLeaf(Path istio) throws IOException {
    Openssl.run(
        "req -new -newkey rsa:2048 -nodes -subj / -keyout %1$s/leaf-key.pem -out %1$s/leaf.csr"
            .formatted(istio)
            .split(" "));
    Path extensions =
        Files.writeString(
            istio.resolve("leaf.cnf"),
            """
            subjectAltName=critical,URI:%s
            keyUsage=critical,digitalSignature,keyEncipherment
            extendedKeyUsage=serverAuth,clientAuth
            basicConstraints=critical,CA:FALSE
            """
                .formatted(CART));
    Openssl.run(
        ("x509 -req -in %1$s/leaf.csr -CA %1$s/ca-cert.pem -CAkey %1$s/ca-key.pem -days 1"
                + " -extfile %2$s -out %1$s/leaf.pem")
            .formatted(istio, extensions)
            .split(" "));
    return istio.resolve("leaf.pem");
  }

  private Path selfSigned(String name) throws IOException {
    Path certificate = temporary.resolve(name + ".pem");
    Openssl.run(
        ("req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=%s"
                + " -addext keyUsage=critical,keyCertSign -keyout %s -out %s")
            .formatted(name, temporary.resolve(name + ".key"), certificate)
            .split(" "));
    return certificate;
  }

  private SignedChain sign(SignetProcess signet) {
    try (var client = CsrClient.unix(signet.socket())) {
      Await.until("ready", SOON, () -> signet.get("/healthz/ready").statusCode() == 200);
      return client.sign(csr);
    }
  }

  private void assertBelieved(SignedChain chain, String root) throws IOException {
    chain.writeTo(temporary);
    Path trusted = Files.writeString(temporary.resolve("trusted.pem"), root);
    assertThat(
            Openssl.run(
                "verify",
                "-purpose",
                "sslserver",
                "-CAfile",
                trusted.toString(),
                "-untrusted",
                temporary.resolve("intermediates.pem").toString(),
                temporary.resolve("leaf.pem").toString()))
        .contains(": OK");
  }

  private static String run(Map<String, String> environment, String... arguments)
      throws IOException {
    Command.Result result = SignetProcess.command(environment, arguments);
    assertThat(result.exit()).as(result.errors()).isZero();
    return result.output();
  }

  private String file(String name) {
    return folder.path().resolve(name).toString();
  }
}
