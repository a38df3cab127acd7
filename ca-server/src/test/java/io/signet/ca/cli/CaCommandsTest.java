package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.spiffe.Pem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code signet authority} and {@code signet ceremony}, as they are typed. */
class CaCommandsTest {

  private final ForeignCa root = ForeignCa.root("root");
  private final ForeignCa ca = root.below(Shape.named("ca"));
  private final FakeCaOffice office = new FakeCaOffice(root.certificate());

  @TempDir Path folder;

  @BeforeEach
  void write() throws Exception {
    Path passphrase = Files.writeString(folder.resolve("passphrase"), "correct horse");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    configure("imported");
    Files.writeString(folder.resolve("ca.pem"), Pem.encode(List.of(ca.certificate())));
    Files.writeString(folder.resolve("root.pem"), Pem.encode(List.of(root.certificate())));
    Files.writeString(
        folder.resolve("ceremony.yaml"),
        """
        trust-domain: example.org
        keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
        ceremony:
          root-file: offline.pem
          request-file: signet.csr
          certificate-file: signed.pem
          transcript-file: transcript.txt
        """);
  }

  private void configure(String root) throws Exception {
    Files.writeString(
        folder.resolve("config.yaml"),
        """
        trust-domain: example.org
        serving-names: [localhost]
        keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
        authority: { root: %s }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
        """
            .formatted(root));
  }

  @Test
  void csr_printedOrWritten() {
    assertThat(signet("authority", "csr", "--config", file("config.yaml")).out())
        .isEqualTo("the request\n");

    Ran ran =
        signet("authority", "csr", "--config", file("config.yaml"), "--out", file("signet.csr"));

    assertThat(ran.out()).isEmpty();
    assertThat(folder.resolve("signet.csr")).hasContent("the request");
    assertThat(office.asked).containsExactly("request for example.org", "request for example.org");
  }

  // The next start would make a root of its own.
  @Test
  void csr_ownRootConfigured_refused() throws Exception {
    configure("own");

    Ran ran = signet("authority", "csr", "--config", file("config.yaml"));

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("authority.root: not imported (expected: imported");
    assertThat(office.asked).isEmpty();
  }

  @Test
  void import_certificate_whatIsInForce() throws Exception {
    Ran ran = importing("--certificate", file("ca.pem"), "--roots", file("root.pem"));

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out().lines())
        .hasSize(3)
        .anyMatch(line -> line.matches("CA +CN=ca +[0-9a-f]+ +2027-11-23T12:00:00Z"))
        .anyMatch(line -> line.startsWith("trusted root"));
    assertThat(office.asked).containsExactly("accept for example.org");
  }

  @Test
  void import_istioAsJson_fields() throws Exception {
    Ran ran = importing("--istio", "cacerts", "--output", "json");

    JsonNode report = new ObjectMapper().readTree(ran.out());
    assertThat(report.at("/certificates/0/role").asText()).isEqualTo("CA");
    assertThat(report.at("/certificates/1/subject").asText()).isEqualTo("CN=root");
    assertThat(office.asked).containsExactly("take over cacerts");
  }

  @Test
  void import_noCertificates_refusedAndNamed() {
    Ran ran = importing("--certificate", file("config.yaml"), "--roots", file("root.pem"));

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("config.yaml: PEM: no block (expected: CERTIFICATE)");
  }

  @Test
  void import_nothingOrBoth_usage() {
    assertThat(importing().exit()).isEqualTo(2);
    assertThat(importing("--istio", "x", "--certificate", "y", "--roots", "z").exit()).isEqualTo(2);
  }

  @Test
  void ceremony_yes_doneAndWhereItIs() {
    Ran made = Ran.signet(office, "yes\n", "ceremony", "root", "--config", file("ceremony.yaml"));
    Ran signed = Ran.signet(office, "yes\n", "ceremony", "sign", "--config", file("ceremony.yaml"));

    assertThat(made.exit()).as(made.err()).isZero();
    assertThat(made.out())
        .contains("a root of ec-p256", "Type yes to do it:")
        .contains(file("offline.pem") + " has the root, " + file("transcript.txt"));
    assertThat(signed.out()).contains(file("signed.pem") + " has the certificate");
    assertThat(office.asked).containsExactly("a root of ec-p256", "sign " + file("signet.csr"));
  }

  @Test
  void ceremony_anythingElse_notDone() {
    for (String typed : List.of("", "y\n", "YES\n", "no\n")) {
      Ran ran = Ran.signet(office, typed, "ceremony", "sign", "--config", file("ceremony.yaml"));

      assertThat(ran.exit()).isEqualTo(1);
    }
    assertThat(office.asked).isEmpty();
  }

  private Ran importing(String... options) {
    Stream<String> command = Stream.of("authority", "import", "--config", file("config.yaml"));
    return signet(Stream.concat(command, Stream.of(options)).toArray(String[]::new));
  }

  private Ran signet(String... arguments) {
    return Ran.signet(office, "", arguments);
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }
}
