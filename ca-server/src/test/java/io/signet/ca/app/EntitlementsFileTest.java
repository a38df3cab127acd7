package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.authorization.Entitlements;
import io.signet.ca.authorization.Wish;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.testing.TestClock;
import io.signet.spiffe.SpiffeId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rules are given and taken while the server runs. */
class EntitlementsFileTest {
  private static final SpiffeId CART = SpiffeId.parse("spiffe://example.org/cart");
  private static final String NOTHING =
      "entitlements: [ { caller: \"spiffe://example.org/cart\", may-hold: [] } ]";

  @TempDir Path folder;

  private final List<Entitlements> told = new ArrayList<>();
  private EntitlementsFile look;

  @BeforeEach
  void begin() throws Exception {
    Files.writeString(folder.resolve("passphrase"), "a long enough passphrase");
    Files.setPosixFilePermissions(
        folder.resolve("passphrase"), PosixFilePermissions.fromString("rw-------"));
    write("");
    look =
        new EntitlementsFile(
            SignetConfig.load(file()), file(), this::refusal, told::add, new TestClock());
  }

  @Test
  void run_unchanged_tellsNothing() {
    look.run();
    look.run();

    assertThat(told).isEmpty();
  }

  @Test // SC-18
  void run_ruleAdded_isTold() throws Exception {
    looks();
    write(NOTHING);
    look.run();
    assertThat(told).isEmpty(); // somebody may be in the middle of writing it
    looks();

    assertThat(told).hasSize(1);
    assertThat(told.getFirst().decide(CART, Wish.NOTHING).rule()).isPresent();
  }

  @Test // as after a typing error: nobody loses anything
  void run_badFile_tellsNothingUntilItIsGood() throws Exception {
    write("entitlements: [ { caller: nobody } ]");
    looks();
    Files.delete(file());
    looks();
    assertThat(told).isEmpty();

    write(NOTHING);
    looks();
    assertThat(told).hasSize(1);
  }

  @Test // it counts after a restart, and the rules beside it count now
  void run_somethingElseChangedToo_rulesAreTold() throws Exception {
    write("svid: { default-lifetime: 30m }\n" + NOTHING);
    looks();

    assertThat(told).hasSize(1);
    assertThat(told.getFirst().decide(CART, Wish.NOTHING).rule()).isPresent();
  }

  @Test // leaves with a name that the CA is not for would be refused by everybody
  void run_nameThatTheCaMayNotSign_rulesOfBeforeStay() throws Exception {
    write(
        "entitlements: [ { caller: \"spiffe://example.org/cart\", dns-names: [far.example.com] } ]");
    looks();
    assertThat(told).isEmpty();

    write(NOTHING);
    looks();
    assertThat(told).hasSize(1);
  }

  private Optional<String> refusal(List<String> hosts) {
    return hosts.contains("far.example.com") ? Optional.of("far.example.com") : Optional.empty();
  }

  private void looks() {
    look.run();
    look.run();
  }

  private Path file() {
    return folder.resolve("signet.yaml");
  }

  private void write(String more) throws Exception {
    Files.writeString(
        file(),
        """
        trust-domain: example.org
        listen: { workload: "127.0.0.1:0", operator: "127.0.0.1:0" }
        serving-names: [localhost]
        keys: { custodian: file, file: { path: keys, passphrase-file: passphrase } }
        data-dir: data
        attestation: { unix: [ { uid: 0, id: "spiffe://example.org/all" } ] }
        """
            + more
            + "\n");
  }
}
