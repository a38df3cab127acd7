package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.cli.CaOffice.Imported;
import io.signet.ca.cli.CommandException;
import io.signet.ca.config.CeremonyConfig;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.ca.testing.TestClock;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An administrator's work with a CA, on a real store and real key files. */
class OfficeTest {

  @TempDir Path folder;
  private final Office office = new Office(new Custodians(), new TestClock());

  @BeforeEach
  void writePassphrase() throws Exception {
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void ceremony_fromTheRequestToTheImport_caBelowTheOfflineRoot() throws Exception {
    Files.writeString(folder.resolve("signet.csr"), office.request(config("memory")));
    X509Certificate root = office.makeRoot(ceremony("first.txt"), _ -> true);

    X509Certificate signed = office.sign(ceremony("second.txt"), _ -> true);

    assertThat(Files.readString(folder.resolve("root.pem"))).isEqualTo(Pem.encode(List.of(root)));
    assertThat(Files.readString(folder.resolve("ca.pem"))).isEqualTo(Pem.encode(List.of(signed)));
    assertThat(office.accept(config("memory"), List.of(signed), List.of(root)))
        .isEqualTo(new Imported(List.of(signed), List.of(root)));
  }

  // What a ceremony has made is the only one of its kind.
  @Test
  void ceremony_resultThere_refusedBeforeAnythingIsDone() throws Exception {
    X509Certificate _ = office.makeRoot(ceremony("first.txt"), _ -> true);

    assertThatThrownBy(() -> office.makeRoot(ceremony("second.txt"), _ -> true))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessageContaining("root.pem");
    assertThat(folder.resolve("second.txt")).doesNotExist();
  }

  @Test
  void ceremony_notAgreed_onlyTheTranscriptIsWritten() throws Exception {
    assertThatThrownBy(() -> office.makeRoot(ceremony("first.txt"), _ -> false))
        .isInstanceOf(CommandException.class)
        .hasMessage("not agreed to; nothing was made or signed");

    assertThat(folder.resolve("root.pem")).doesNotExist();
    assertThat(folder.resolve("first.txt")).content().contains("It was not agreed to");
  }

  // K8S-53: a self-signed CA whose key signs on; the mesh trusts what it trusted.
  @ParameterizedTest
  @ValueSource(strings = {"folder", "yaml", "json"})
  void takeOver_istioCaSecret_itsRootAndItsKey(String form) throws Exception {
    ForeignCa istio = ForeignCa.root("istio");
    Path secret = secret(form, Map.of("ca-cert.pem", pem(istio), "ca-key.pem", key(istio)));

    Imported imported = office.takeOver(config("memory"), secret);

    assertThat(imported)
        .isEqualTo(new Imported(List.of(istio.certificate()), List.of(istio.certificate())));
    assertThatThrownBy(() -> office.request(config("memory")))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("there is a root of our own: CN=istio");
  }

  // K8S-49: an intermediate, which by Istio's own tools may have no CA below it.
  @Test
  void takeOver_cacerts_theIntermediateBelowItsRoot() throws Exception {
    ForeignCa root = ForeignCa.root("enterprise");
    ForeignCa middle = root.below(Shape.named("middle"));
    ForeignCa istio = middle.below(Shape.named("istio").pathLength(0));
    Map<String, String> files =
        Map.of(
            "ca-cert.pem",
            pem(istio),
            "ca-key.pem",
            key(istio),
            "cert-chain.pem",
            pem(istio) + pem(middle),
            "root-cert.pem",
            pem(root));

    assertThatThrownBy(() -> office.takeOver(config("memory"), secret("folder", files)))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("path length is 0 (expected: at least 1, or keys.issuing: root)");
    assertThat(office.takeOver(config("root"), secret("yaml", files)))
        .isEqualTo(
            new Imported(
                List.of(istio.certificate(), middle.certificate()), List.of(root.certificate())));
  }

  // K8S-50
  @Test
  void takeOver_cacertsOfTypeTls_theIntermediateBelowItsRoot() throws Exception {
    ForeignCa root = ForeignCa.root("enterprise");
    ForeignCa istio = root.below(Shape.named("istio"));

    Imported imported =
        office.takeOver(
            config("memory"),
            secret(
                "json", Map.of("tls.crt", pem(istio), "tls.key", key(istio), "ca.crt", pem(root))));

    assertThat(imported)
        .isEqualTo(new Imported(List.of(istio.certificate()), List.of(root.certificate())));
  }

  // K8S-51: never a silent CA of its own instead.
  @Test
  void takeOver_incompleteOrWrong_refusedAndNamed() throws Exception {
    ForeignCa root = ForeignCa.root("enterprise");
    ForeignCa istio = root.below(Shape.named("istio"));

    assertThatThrownBy(() -> take(Map.of("ca-key.pem", key(istio))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("neither ca-cert.pem nor tls.crt");
    assertThatThrownBy(() -> take(Map.of("ca-cert.pem", pem(root))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ca-key.pem: no private key");
    assertThatThrownBy(() -> take(Map.of("ca-cert.pem", pem(istio), "ca-key.pem", key(istio))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no root-cert.pem (expected: the root above \"CN=istio\")");
    assertThatThrownBy(() -> take(Map.of("ca-cert.pem", pem(root), "ca-key.pem", key(istio))))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("do not belong together");
    assertThatThrownBy(() ->
            take(Map.of("ca-cert.pem", pem(root), "ca-key.pem", key(root), "ca-crl.pem", "x")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a CRL cannot be taken over");
    assertThat(office.takeOver(config("memory"), secretOf(root))).isNotNull(); // nothing was left
  }

  @Test
  void takeOver_noSecret_refused() throws Exception {
    Path file = Files.writeString(folder.resolve("pod.yaml"), "kind: Pod");

    assertThatThrownBy(() -> office.takeOver(config("memory"), file))
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": no mapping data (expected: a secret, YAML or JSON)");
  }

  private Imported take(Map<String, String> files) throws Exception {
    return office.takeOver(config("memory"), secret("yaml", files));
  }

  private Path secretOf(ForeignCa ca) throws Exception {
    return secret("yaml", Map.of("ca-cert.pem", pem(ca), "ca-key.pem", key(ca)));
  }

  private Path secret(String form, Map<String, String> files) throws Exception {
    Path path = folder.resolve("secret." + form);
    if (form.equals("folder")) {
      Files.createDirectories(path);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(path.resolve(file.getKey()), file.getValue());
      }
      return path;
    }
    boolean json = form.equals("json");
    String data =
        files.entrySet().stream()
            .map(file ->
                (json ? "\"%s\": \"%s\"" : "  %s: %s")
                    .formatted(file.getKey(), base64(file.getValue())))
            .collect(Collectors.joining(json ? ", " : "\n"));
    return Files.writeString(
        path,
        json
            ? "{\"kind\": \"Secret\", \"data\": {" + data + "}}"
            : "kind: Secret\ndata:\n" + data + "\n");
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String pem(ForeignCa ca) {
    return Pem.encode(List.of(ca.certificate()));
  }

  private static String key(ForeignCa ca) {
    return Pem.encode("PRIVATE KEY", ca.keys().getPrivate().getEncoded());
  }

  private SignetConfig config(String issuing) throws Exception {
    return SignetConfig.loadText(
        """
        trust-domain: example.org
        serving-names: [localhost]
        keys:
          custodian: file
          file: { path: keys, passphrase-file: passphrase }
          issuing: %s
        authority: { root: imported }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
        data-dir: data
        """
            .formatted(issuing),
        folder);
  }

  private CeremonyConfig ceremony(String transcript) throws Exception {
    return CeremonyConfig.load(
        Files.writeString(
            folder.resolve("ceremony.yaml"),
            """
            trust-domain: example.org
            keys:
              custodian: file
              file: { path: offline, passphrase-file: passphrase }
              algorithm: ec-p384
            ceremony:
              root-file: root.pem
              request-file: signet.csr
              certificate-file: ca.pem
              transcript-file: %s
            """
                .formatted(transcript)));
  }
}
