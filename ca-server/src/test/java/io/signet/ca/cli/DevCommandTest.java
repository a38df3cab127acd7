package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jwt.SignedJWT;
import io.signet.ca.cli.Ran.FakeStarter;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    assertThat(dev("--custodian", "vault").err()).contains("--custodian vault: not available yet");
    assertThat(dev("--custodian", "pkcs11", "--pkcs11-library", "/none").err())
        .contains("--pkcs11-library /none: no such file", "softhsm2");
    assertThat(dev("--kubeconfig", "/none").err())
        .contains("attestation.kubernetes[0].kubeconfig: /none, no such file");
    assertThat(dev("--svid-ttl", "9s").err()).contains("svid.default-lifetime: 9s");
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
