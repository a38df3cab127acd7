package io.signet.hsm.vault;

import static io.signet.hsm.Faults.assertFault;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.vault.FakeVault.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of the PKI engine, and what of its answers is let in. */
final class VaultPkiTest {

  private static final String SIGN = "sign-intermediate";
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir private static Path home;
  private static String leaf;
  private static String root;

  private final ManualTiming timing = new ManualTiming();
  private FakeVault vault;
  private VaultPki pki;

  @BeforeAll
  static void certify() throws Exception {
    leaf = pem("leaf");
    root = pem("root");
  }

  /** As text in JSON. */
  private static String pem(String name) throws Exception {
    Bao.certify(home, name, "basicConstraints=critical,CA:TRUE");
    return Files.readString(home.resolve(name + ".pem")).replace("\n", "\\n");
  }

  @BeforeEach
  void open() throws Exception {
    vault = new FakeVault();
    pki = open(Optional.empty());
  }

  private VaultPki open(Optional<String> issuerRef) throws Exception {
    Path secretId = Files.writeString(home.resolve("secret-id"), "the-secret-id");
    VaultSettings settings =
        new VaultSettings(
            List.of(vault.address()),
            "pki/corp",
            Optional.empty(),
            Optional.empty(),
            new VaultAuth.AppRole("approle", "signet", secretId),
            1,
            VaultSettings.DEFAULT_DEADLINE);
    return VaultPki.open(settings, issuerRef, timing);
  }

  @AfterEach
  void close() {
    pki.close();
    vault.close();
  }

  private List<X509Certificate> sign() throws CustodyException {
    return pki.signIntermediate(new byte[] {1, 2, 3}, "Signet of td", "spiffe://td", HOUR);
  }

  private void answers(String members) {
    vault.always(SIGN, new Reply(200, "{\"data\":{" + members + "}}", Map.of()));
  }

  // VPKI-1
  @Test
  void signIntermediate_request_namesEverything() throws Exception {
    answers("\"certificate\":\"" + leaf + "\"");

    List<X509Certificate> _ = sign();

    FakeVault.Request sent = vault.requests(SIGN).getFirst();
    assertThat(sent.path()).isEqualTo("pki/corp/root/sign-intermediate");
    assertThat(sent.body())
        .contains("-----BEGIN CERTIFICATE REQUEST-----\\nAQID\\n")
        .contains("\"common_name\":\"Signet of td\"")
        .contains("\"exclude_cn_from_sans\":true")
        .contains("\"uri_sans\":[\"spiffe://td\"]")
        .contains("\"use_csr_values\":false")
        .contains("\"max_path_length\":0")
        .contains("\"ttl\":\"3600s\"");
  }

  @Test
  void signIntermediate_issuerNamed_thatOneIsAsked() throws Exception {
    pki.close();
    pki = open(Optional.of("int-a"));
    answers("\"certificate\":\"" + leaf + "\"");

    List<X509Certificate> _ = sign();

    assertThat(vault.requests(SIGN).getFirst().path())
        .isEqualTo("pki/corp/issuer/int-a/sign-intermediate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../root", "a/b", "a b", ".."})
  void open_issuerThatLeadsElsewhere_refused(String issuer) {
    assertThatThrownBy(() -> open(Optional.of(issuer)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("issuer: " + issuer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT0.9S", "PT-1H"})
  void signIntermediate_noLife_refusedWithoutAsking(Duration ttl) {
    assertThatThrownBy(() -> pki.signIntermediate(new byte[0], "ca", "spiffe://td", ttl))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(ttl.toString());

    assertThat(vault.requests(SIGN)).isEmpty();
  }

  // It may begin with the certificate itself.
  @Test
  void signIntermediate_chainRepeats_eachOnceInItsOrder() throws Exception {
    answers(
        "\"certificate\":\"%1$s\",\"ca_chain\":[\"%1$s\",\"%2$s\",\"%2$s\"]".formatted(leaf, root));

    assertThat(subjects()).containsExactly("CN=leaf", "CN=root");
  }

  @Test
  void signIntermediate_noChain_issuerIfThereIsOne() throws Exception {
    answers("\"certificate\":\"%s\",\"issuing_ca\":\"%s\"".formatted(leaf, root));
    assertThat(subjects()).containsExactly("CN=leaf", "CN=root");

    answers("\"certificate\":\"" + leaf + "\"");
    assertThat(subjects()).containsExactly("CN=leaf");
  }

  private List<String> subjects() throws CustodyException {
    return sign().stream().map(each -> each.getSubjectX500Principal().getName()).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\"certificate\":\"\"",
        "\"certificate\":7",
        "\"certificate\":\"garbage\"",
        "\"certificate\":\"-----BEGIN CERTIFICATE-----\\nAQID\\n-----END CERTIFICATE-----\"",
        "\"certificate\":\"-----BEGIN CERTIFICATE-----\\n%%\\n-----END CERTIFICATE-----\"",
      })
  void signIntermediate_noCertificate_lost(String members) {
    answers(members);

    assertFault(Fault.LOST, this::sign).hasMessageContaining("no certificate");
  }

  @Test
  void signIntermediate_garbageInChain_lost() {
    answers("\"certificate\":\"" + leaf + "\",\"ca_chain\":[\"garbage\"]");

    assertFault(Fault.LOST, this::sign).hasMessageContaining("no certificate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no JSON", "[]"})
  void signIntermediate_strangeAnswer_lost(String body) {
    vault.always(SIGN, new Reply(200, body, Map.of()));

    assertFault(Fault.LOST, this::sign);
  }

  @Test
  void signIntermediate_endlessAnswer_lost() {
    vault.always(SIGN, new Reply(200, "[".repeat(2 << 20), Map.of()));

    assertFault(Fault.LOST, this::sign);
  }

  // Section 6. Each try may make a certificate: one only.
  @ParameterizedTest
  @CsvSource({"400, REJECTED", "404, REJECTED", "429, BUSY", "412, BUSY", "502, LOST", "503, BUSY"})
  void signIntermediate_refused_oneTryAndItsClass(int status, Fault fault) {
    vault.always(SIGN, Reply.of(status, "in its words " + "x".repeat(2000)));

    assertFault(fault, this::sign)
        .hasMessageContaining("in its words")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(600));

    assertThat(vault.requests(SIGN)).hasSize(1);
  }

  // VST-3: nothing at the path looks so too.
  @Test
  void signIntermediate_nothingThere_rejectedNamingBothCauses() {
    vault.always(SIGN, Reply.of(404));

    assertFault(Fault.REJECTED, this::sign)
        .hasMessageContaining("no such path, or hidden by policy");
  }

  // VAUTH-5
  @Test
  void signIntermediate_403Always_deniedAfterOneLogin() {
    vault.always(SIGN, Reply.of(403, "permission denied"));

    assertFault(Fault.DENIED, this::sign)
        .hasMessageContaining("pki/corp/root/sign-intermediate")
        .hasMessageContaining("`update`");

    assertThat(vault.requests("/login")).hasSize(2);
  }

  @Test
  void signIntermediate_gone_lost() {
    vault.close();

    assertFault(Fault.LOST, this::sign).hasMessageContaining("cannot be reached");
  }

  @Test
  void close_ownToken_revokedAndNothingIsSigned() {
    pki.close();

    assertThat(vault.requests("revoke-self")).hasSize(1);
    assertFault(Fault.LOST, this::sign).hasMessageContaining("closed");
    assertThat(vault.requests(SIGN)).isEmpty();
  }
}
