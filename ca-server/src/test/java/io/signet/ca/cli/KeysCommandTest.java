package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an administrator does with the custodian itself. */
class KeysCommandTest {

  @TempDir Path folder;
  private final FakeCustody custody = new FakeCustody();
  private Path config;

  @BeforeEach
  void writeConfiguration() throws Exception {
    Path _ = secret("passphrase");
    Path _ = secret("next");
    config = configured("custodian: file, file: { path: keys, passphrase-file: passphrase }");
  }

  private Path secret(String name) throws Exception {
    Path file = Files.writeString(folder.resolve(name), "correct horse");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private Path configured(String keys) throws Exception {
    return Files.writeString(
        folder.resolve("config.yaml"),
        """
        trust-domain: example.org
        serving-names: [localhost]
        keys: { %s }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
        """
            .formatted(keys));
  }

  @Test
  void changePassphrase_files_changedAndWhatIsToDoNextIsSaid() {
    Ran ran = keys("change-passphrase", "--new-passphrase-file", folder + "/next");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains(folder.resolve("keys") + " is under the new passphrase")
        .contains(folder.resolve("passphrase").toString());
    assertThat(custody.asked)
        .containsExactly("change %s/keys to %s/next".formatted(folder, folder));
  }

  @Test
  void changePassphrase_toKeyFile_changedAndWhatIsToDoNextIsSaid() {
    Ran ran = keys("change-passphrase", "--new-key-file", folder + "/next");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains(folder.resolve("keys") + " is under the new key-file")
        .contains("have the configuration say keys.file.key-file: " + folder.resolve("next"));
    assertThat(custody.asked)
        .containsExactly("change %s/keys to %s/next".formatted(folder, folder));
  }

  @Test
  void changePassphrase_fromKeyFile_changedAndWhatIsToDoNextIsSaid() throws Exception {
    config = configured("custodian: file, file: { path: keys, key-file: passphrase }");

    Ran toPassphrase = keys("change-passphrase", "--new-passphrase-file", folder + "/next");
    Ran toKeyFile = keys("change-passphrase", "--new-key-file", folder + "/next");

    assertThat(toPassphrase.out())
        .contains("is under the new passphrase")
        .contains("say keys.file.passphrase-file: " + folder.resolve("next"));
    assertThat(toKeyFile.out())
        .contains("is under the new key-file; put it where the configuration looks for it: ")
        .contains(folder.resolve("passphrase").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--new-passphrase-file next --new-key-file next"})
  void changePassphrase_noneOrBoth_usage(String options) {
    Ran ran = keys("change-passphrase", options.isEmpty() ? new String[0] : options.split(" "));

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--new-passphrase-file", "--new-key-file");
    assertThat(custody.asked).isEmpty();
  }

  @Test
  void changePassphrase_token_refused() throws Exception {
    Path library = Files.writeString(folder.resolve("p11.so"), "");
    config =
        configured(
            "custodian: pkcs11, pkcs11: { library: %s, token: t, pin-file: passphrase }"
                .formatted(library));

    Ran ran = keys("change-passphrase", "--new-passphrase-file", folder + "/next");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("keys.custodian", "expected: file");
    assertThat(custody.asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--new-passphrase-file", "--new-key-file"})
  void changePassphrase_newOneOpenToOthers_refused(String option) throws Exception {
    Files.setPosixFilePermissions(
        folder.resolve("next"), PosixFilePermissions.fromString("rw-r--r--"));

    Ran ran = keys("change-passphrase", option, folder + "/next");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("next: mode rw-r--r--", "closed to group and others");
    assertThat(custody.asked).isEmpty();
  }

  @Test
  void changePassphrase_custodianRefuses_itsWords() {
    custody.failure = new CustodyException(Fault.DENIED, "the passphrase is wrong");

    Ran ran = keys("change-passphrase", "--new-passphrase-file", folder + "/next");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("the passphrase is wrong");
  }

  @Test
  void bench_rows_figuresAndNoKeyIsLeft() throws Exception {
    Ran ran = keys("bench", "--callers", "1,3", "--duration", "1s", "--output", "json");

    assertThat(ran.exit()).as(ran.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(ran.out());
    assertThat(report.at("/algorithm").asText()).isEqualTo("ec-p256");
    assertThat(report.at("/rows")).hasSize(2);
    assertThat(report.at("/rows/1/callers").asInt()).isEqualTo(3);
    assertThat(report.at("/rows/1/per-second").asDouble()).isPositive();
    assertThat(report.at("/rows/1/p99-millis").asDouble()).isPositive();
    assertThat(custody.custodian.signatures()).isPositive();
  }

  @Test
  void bench_failures_countedByTheirClass() {
    for (int i = 0; i < 3; i++) {
      custody.custodian.failNextSign(new CustodyException(Fault.BUSY, "too many wait"));
    }

    Ran ran = keys("bench", "--callers", "1", "--duration", "1s");

    assertThat(ran.out()).contains("ec-p256, callers", "signatures/s", "3 BUSY");
  }

  @ParameterizedTest
  @CsvSource({"0, 1s", "-1, 1s", "1, 0s"})
  void bench_nothingToMeasure_usage(String callers, String duration) {
    Ran ran = keys("bench", "--callers", callers, "--duration", duration);

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("expected");
    assertThat(custody.asked).isEmpty();
  }

  private Ran keys(String command, String... more) {
    String[] all = new String[more.length + 4];
    all[0] = "keys";
    all[1] = command;
    all[2] = "--config";
    all[3] = config.toString();
    System.arraycopy(more, 0, all, 4, more.length);
    return Ran.signet(custody, all);
  }
}
