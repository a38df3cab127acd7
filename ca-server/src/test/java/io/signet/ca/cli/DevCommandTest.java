package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.SignedJWT;
import io.signet.ca.cli.Ran.FakeStarter;
import io.signet.ca.config.KeysConfig;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.KeysConfig.VaultCustodian;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin.ByToken;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DevCommandTest {
  @TempDir Path folder;
  private final FakeStarter starter = new FakeStarter();
  private Path dir = Path.of("");

  @BeforeEach
  void name() {
    dir = folder.resolve("dev");
  }

  @Test
  void dev_newFolder_laidOut() throws Exception {
    Ran ran = dev();

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .startsWith(
            "ready  workload 127.0.0.1:8443  sds unix:"
                + dir
                + "/sds.sock  operator http://127.0.0.1:8080");
    assertThat(mode(dir)).isEqualTo("rwx------");
    assertThat(mode(dir.resolve("admin.token"))).isEqualTo("rw-------");
    assertThat(mode(dir.resolve("passphrase"))).isEqualTo("rw-------");
    assertThat(dir.resolve("dev-issuer/jwks.json")).exists();
    assertThat(dir.resolve("envoy.yaml"))
        .content()
        .contains("path: \"" + dir + "/sds.sock\"", "spiffe://example.org/", "10443")
        .doesNotContain("@TRUST");
    assertThat(signet("config", "check", dir.resolve("config.yaml").toString()).out())
        .isEqualTo("ok\n");
  }

  @Test
  void dev_options_inConfiguration() throws Exception {
    Ran ran =
        dev(
            "--trust-domain",
            "td",
            "--workload-port",
            "0",
            "--operator-port",
            "1",
            "--svid-ttl",
            "48h");

    assertThat(ran.exit()).as(ran.err()).isZero();
    SignetConfig config = SignetConfig.load(dir.resolve("config.yaml"));
    assertThat(config).isEqualTo(starter.started.get());
    assertThat(config.trustDomain()).hasToString("td");
    assertThat(config.listen().workload()).hasToString("127.0.0.1:0");
    assertThat(config.listen().operator()).hasToString("127.0.0.1:1");
    assertThat(config.svid().maxLifetime()).isEqualTo(Duration.ofDays(2));
    assertThat(config.attestation().unix()).hasSize(1);
  }

  @Test
  void dev_secondStart_keepsSecretsAndTrustDomain() throws Exception {
    assertThat(dev("--trust-domain", "td").exit()).isZero();
    String token = Files.readString(dir.resolve("admin.token"));
    String jwks = Files.readString(dir.resolve("dev-issuer/jwks.json"));

    assertThat(dev("--svid-ttl", "10s").exit()).isZero();

    assertThat(dir.resolve("admin.token")).hasContent(token);
    assertThat(dir.resolve("dev-issuer/jwks.json")).hasContent(jwks);
    assertThat(SignetConfig.load(dir.resolve("config.yaml")).trustDomain()).hasToString("td");
  }

  @Test
  void dev_otherTrustDomain_refused() {
    assertThat(dev("--trust-domain", "td").exit()).isZero();

    Ran ran = dev("--trust-domain", "other");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err())
        .isEqualTo(
            "signet: --trust-domain other: the keys in %s were made for td (expected: td, or another --dir)\n"
                .formatted(dir));
  }

  @Test
  void dev_whileOneRuns_refused() {
    var second = new AtomicReference<>(new Ran(-1, "", ""));
    starter.whileServing(() -> second.set(signet("dev", "--dir", dir.toString())));

    assertThat(dev().exit()).isZero();

    assertThat(second.get().exit()).isEqualTo(1);
    assertThat(second.get().err())
        .contains("in use by another signet dev, process " + ProcessHandle.current().pid());
  }

  @Test
  void dev_whatIsNotThere_refused() {
    assertThat(dev("--custodian", "vault").err())
        .contains("keys.vault.auth.token-file: " + dir + "/vault.token, no such file");
    assertThat(dev("--custodian", "pkcs11", "--pkcs11-library", "/none").err())
        .contains("--pkcs11-library /none: no such file", "softhsm2");
    assertThat(dev("--kubeconfig", "/none").err())
        .contains("attestation.kubernetes[0].kubeconfig: /none, no such file");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--svid-ttl 9s | --svid-ttl: 9s (expected: a duration from 10s to 180d)",
        "--svid-ttl 181d | --svid-ttl: 181d (expected: a duration from 10s to 180d)",
        "--workload-port 70000 | --workload-port: 70000 (expected: a port from 0 to 65535)",
        "--operator-port -1 | --operator-port: -1 (expected: a port from 0 to 65535)"
      })
  void dev_outOfRange_wrongUsageAndNothingWritten(String options, String message) {
    Ran ran = dev(options.split(" "));

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).startsWith(message + "\n");
    assertThat(dir).doesNotExist();
  }

  @Test
  void dev_badOptionsOnKnownFolder_nextStartServes() throws Exception {
    assertThat(dev("--trust-domain", "td").exit()).isZero();
    String before = Files.readString(dir.resolve("config.yaml"));

    assertThat(dev("--svid-ttl", "9s").exit()).isEqualTo(2);
    assertThat(dev("--workload-port", "70000").exit()).isEqualTo(2);
    assertThat(dev("--kubeconfig", "/none").exit()).isEqualTo(1);

    assertThat(dir.resolve("config.yaml")).hasContent(before);
    assertThat(dev().exit()).isZero();
    assertThat(SignetConfig.load(dir.resolve("config.yaml")).trustDomain()).hasToString("td");
  }

  @Test
  void dev_firstStartFailed_nextOneChoosesFreely() throws Exception {
    starter.failWith(new StartException("no token \"signet\""));
    assertThat(dev(onToken("--trust-domain", "td")).exit()).isEqualTo(1);
    starter.failWith(null);

    Ran ran = dev();

    assertThat(ran.exit()).as(ran.err()).isZero();
    SignetConfig config = SignetConfig.load(dir.resolve("config.yaml"));
    assertThat(config.keys().custodian()).isInstanceOf(FileCustodian.class);
    assertThat(config.trustDomain()).hasToString("example.org");
  }

  @Test
  void dev_keysGone_choosesFreely() throws Exception {
    assertThat(dev("--trust-domain", "td").exit()).isZero();
    Files.delete(dir.resolve("data"));

    Ran ran = dev("--trust-domain", "other");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(SignetConfig.load(dir.resolve("config.yaml")).trustDomain()).hasToString("other");
  }

  @Test
  void dev_longTtl_issuingAuthorityLivesTwiceAsLong() throws Exception {
    Ran ran = dev("--svid-ttl", "180d");

    assertThat(ran.exit()).as(ran.err()).isZero();
    SignetConfig config = SignetConfig.load(dir.resolve("config.yaml"));
    assertThat(config.svid().defaultLifetime()).isEqualTo(Duration.ofDays(180));
    assertThat(config.authority().issuingLifetime()).isEqualTo(Duration.ofDays(360));
  }

  @Test
  void dev_secondStartOnToken_keepsLibraryLabelAndPin() throws Exception {
    Ran first = dev(onToken("--pkcs11-token", "mine"));
    assertThat(first.exit()).as(first.err()).isZero();
    KeysConfig before = SignetConfig.load(dir.resolve("config.yaml")).keys();

    Ran second = dev();

    assertThat(second.exit()).as(second.err()).isZero();
    assertThat(SignetConfig.load(dir.resolve("config.yaml")).keys()).isEqualTo(before);
    assertThat(((Pkcs11Custodian) before.custodian()).token()).isEqualTo("mine");
  }

  @Test
  void dev_otherToken_taken() throws Exception {
    assertThat(dev(onToken("--pkcs11-token", "mine")).exit()).isZero();

    assertThat(dev("--pkcs11-token", "moved").exit()).isZero();

    KeysConfig keys = SignetConfig.load(dir.resolve("config.yaml")).keys();
    assertThat(((Pkcs11Custodian) keys.custodian()).token()).isEqualTo("moved");
  }

  @Test
  void dev_vault_inConfigurationAndKeptByTheSecondStart() throws Exception {
    Ran first =
        dev(onVault("--vault-address", "https://vault.example:8200", "--vault-mount", "ca"));
    assertThat(first.exit()).as(first.err()).isZero();
    KeysConfig before = SignetConfig.load(dir.resolve("config.yaml")).keys();

    Ran second = dev();

    assertThat(second.exit()).as(second.err()).isZero();
    assertThat(SignetConfig.load(dir.resolve("config.yaml")).keys()).isEqualTo(before);
    VaultEngine engine = ((VaultCustodian) before.custodian()).engine();
    assertThat(engine.addresses()).containsExactly(URI.create("https://vault.example:8200"));
    assertThat(engine.mount()).isEqualTo("ca");
    assertThat(engine.login()).isEqualTo(new ByToken(folder.resolve("token")));
  }

  @Test
  void dev_vaultAndNothingElse_theOneOfItsOwnDevMode() throws Exception {
    Ran ran = dev(onVault());

    assertThat(ran.exit()).as(ran.err()).isZero();
    KeysConfig keys = SignetConfig.load(dir.resolve("config.yaml")).keys();
    VaultEngine engine = ((VaultCustodian) keys.custodian()).engine();
    assertThat(engine.addresses()).containsExactly(URI.create("http://127.0.0.1:8200"));
    assertThat(engine.mount()).isEqualTo("transit");
  }

  @Test
  void dev_otherVault_taken() throws Exception {
    assertThat(dev(onVault()).exit()).isZero();

    assertThat(dev("--vault-address", "https://moved.example").exit()).isZero();

    KeysConfig keys = SignetConfig.load(dir.resolve("config.yaml")).keys();
    assertThat(((VaultCustodian) keys.custodian()).engine().addresses())
        .containsExactly(URI.create("https://moved.example"));
  }

  @Test
  void dev_vaultByHttpElsewhere_refused() throws Exception {
    Ran ran = dev(onVault("--vault-address", "http://vault.example"));

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("keys.vault.address", "http://vault.example", "expected: https");
  }

  @Test
  void dev_otherCustodian_refused() throws Exception {
    assertThat(dev().exit()).isZero();

    Ran ran = dev(onToken());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err())
        .isEqualTo(
            "signet: --custodian pkcs11: the keys in %s were made for file (expected: file, or another --dir)\n"
                .formatted(dir));
  }

  @Test
  void dev_lockedFolder_noSecretsMade() throws Exception {
    Files.createDirectories(dir);
    try (var lock =
        FileChannel.open(
            dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertThat(lock.lock().isValid()).isTrue();

      assertThat(dev().exit()).isEqualTo(1);
    }

    assertThat(dir.resolve("admin.token")).doesNotExist();
    assertThat(dir.resolve("passphrase")).doesNotExist();
  }

  @Test
  void token_severalAtOnce_allMade() throws Exception {
    assertThat(dev().exit()).isZero();

    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Ran> token = () -> signet("dev", "token", "shop", "cart", "--dir", dir.toString());
      for (Future<Ran> each : threads.invokeAll(Collections.nCopies(4, token))) {
        assertThat(each.get().exit()).as(each.get().err()).isZero();
      }
    }
  }

  @Test
  void token_ofDevFolder_verifiesWithItsKeys() throws Exception {
    assertThat(dev().exit()).isZero();

    Ran ran = signet("dev", "token", "shop", "cart", "--dir", dir.toString(), "--ttl", "5m");

    SignedJWT token = SignedJWT.parse(ran.out().strip());
    JWKSet keys = JWKSet.load(dir.resolve("dev-issuer/jwks.json").toFile());
    var key = keys.getKeyByKeyId(token.getHeader().getKeyID()).toECKey();
    assertThat(token.verify(new ECDSAVerifier(key))).isTrue();
    assertThat(token.getJWTClaimsSet().getSubject()).isEqualTo("system:serviceaccount:shop:cart");
    assertThat(token.getJWTClaimsSet().getAudience()).containsExactly("istio-ca");
  }

  @Test
  void token_noDevFolder_refused() {
    Ran ran = signet("dev", "token", "shop", "cart", "--dir", dir.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("not the folder of a signet dev");
  }

  private String[] onVault(String... more) throws IOException {
    Path token = secret("token");
    return Stream.concat(
            Stream.of("--custodian=vault", "--vault-token-file=" + token), Stream.of(more))
        .toArray(String[]::new);
  }

  private Path secret(String name) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "1234");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  /** Options for a token that looks as if it could be used. */
  private String[] onToken(String... more) throws IOException {
    Path library = Files.writeString(folder.resolve("module.so"), "");
    Path pin = secret("pin");
    return Stream.concat(
            Stream.of(
                "--custodian=pkcs11", "--pkcs11-library=" + library, "--pkcs11-pin-file=" + pin),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private Ran dev(String... options) {
    String[] all = new String[options.length + 3];
    all[0] = "dev";
    all[1] = "--dir";
    all[2] = dir.toString();
    System.arraycopy(options, 0, all, 3, options.length);
    return signet(starter, all);
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
