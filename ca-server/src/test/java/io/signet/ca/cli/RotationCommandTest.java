package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.attestation.x509.ClientCertificateAttestor;
import io.signet.attestation.x509.Distrust;
import io.signet.ca.http.AdminDoor;
import io.signet.ca.http.Administrators;
import io.signet.ca.http.BundleRoutes;
import io.signet.ca.http.OperatorServer;
import io.signet.ca.http.RotationRoutes;
import io.signet.ca.http.Routes;
import io.signet.ca.issuance.Limits;
import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.FakeRotationControl;
import io.signet.ca.tls.TestCertificates;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of administrators, against the operator plane over a fake rotation. */
class RotationCommandTest {
  private static final TestCertificates ROOT = TestCertificates.root("root");
  private static final SpiffeId JO = SpiffeId.parse("spiffe://example.org/user/jo");
  private static final String TOKEN = "0123456789abcdef-the-token";
  private static final TrustBundle BUNDLE =
      new TrustBundle(
          new TrustDomain("example.org"), 7, List.of(ROOT.certificate()), Optional.empty());

  @TempDir Path folder;
  private final FakeRotationControl rotation = new FakeRotationControl();
  private OperatorServer plain;
  private OperatorServer tls;
  private Path token;

  @BeforeEach
  void serve() throws IOException {
    plain = OperatorServer.start(loopback(), routes(Optional.empty()));
    var certificates =
        new ClientCertificateAttestor(
            () -> BUNDLE,
            SpiffeId.parse("spiffe://example.org/server"),
            Distrust.NONE,
            Clock.systemUTC());
    tls =
        OperatorServer.start(
            loopback(), () -> ROOT.server().serving(), routes(Optional.of(certificates)));
    token = secret("admin.token", TOKEN + "\n");
  }

  @AfterEach
  void stop() {
    plain.close();
    tls.close();
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private List<Routes> routes(Optional<ClientCertificateAttestor> certificates) {
    var administrators =
        new Administrators(
            Optional.of(() -> SecretBytes.copyOf(TOKEN.getBytes(StandardCharsets.UTF_8))),
            certificates.map(attestor -> attestor),
            JO::equals);
    var door = new AdminDoor(administrators, Limits.none(), new Unheard());
    return List.of(
        new RotationRoutes(() -> Optional.of(rotation), door),
        new BundleRoutes(() -> Optional.of(BUNDLE)));
  }

  private static final class Unheard implements AdminDoor.Events {
    @Override
    public void acted(Map<String, String> said) {}

    @Override
    public void turnedAway(Map<String, String> said) {}
  }

  private Path secret(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void start_token_doneAndNewStatus() {
    rotation.status = FakeRotationControl.published();

    Ran ran = act("rotation", "start", "--reason", "yearly", "--compromised", "0a1b");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).startsWith("phase      published since").contains("1 of 3");
    assertThat(rotation.acts).containsExactly("start by admin-token: yearly, compromised 0a1b");
  }

  @Test
  void start_noReason_byHand() {
    assertThat(act("rotation", "start", "--no-wait").exit()).isZero();
    assertThat(rotation.acts).containsExactly("start by admin-token: by hand, compromised none");
  }

  @Test
  void start_waitAndItIsOver_lastLine() {
    Ran ran = act("rotation", "start", "--wait");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).isEqualTo("2026-11-23T12:00:00Z  steady  generation 1 signs\n");
  }

  @Test
  void steps_each_done() {
    assertThat(act("rotation", "approve").exit()).isZero();
    assertThat(act("rotation", "force", "--reason", "pod is gone").exit()).isZero();
    assertThat(act("rotation", "cancel", "--reason", "later").exit()).isZero();

    assertThat(rotation.acts)
        .containsExactly(
            "approve by admin-token",
            "force by admin-token: pod is gone",
            "cancel by admin-token: later");
  }

  @Test
  void force_noReason_usage() {
    Ran ran = act("rotation", "force");

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--reason");
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void approve_refused_1AndTheServersWords() {
    rotation.refuse("nothing waits for approval (expected: a rotation in progress)");

    Ran ran = act("rotation", "approve");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err())
        .isEqualTo(
            "signet: %s: nothing waits for approval (expected: a rotation in progress)\n"
                .formatted(http()));
  }

  @Test
  void approve_wrongToken_1() throws Exception {
    token = secret("other.token", "0123456789abcdef-not-it");

    Ran ran = act("rotation", "approve");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("wrong token").doesNotContain("not-it");
  }

  @Test
  void approve_tokenOthersMayRead_refused() throws Exception {
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));

    Ran ran = act("rotation", "approve");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains(token.toString(), "closed to group and others");
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void approve_tokenNoHeaderCanHold_refusedAndNotShown() throws Exception {
    token = secret("other.token", "first-line-secret\nsecond");

    Ran ran = act("rotation", "approve");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("not a token").doesNotContain("secret\n", "second");
  }

  @Test
  void approve_noCredentials_1() {
    Ran ran = signet("rotation", "approve", "--operator", http());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err())
        .contains("no credentials (expected: --admin-token-file, or --cert and --key)");
  }

  @Test
  void approve_folderOfDev_itsAddressAndToken() throws Exception {
    Files.writeString(
        folder.resolve("config.yaml"),
        """
        trust-domain: example.org
        listen: { operator: "127.0.0.1:%d" }
        serving-names: [localhost]
        keys: { custodian: file, file: { path: keys, passphrase: "env:P" } }
        attestation: { unix: [ { uid: 1, id: "spiffe://example.org/a" } ] }
        """
            .formatted(plain.port()));

    Ran ran = signet("rotation", "approve", "--dir", folder.toString());

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(rotation.acts).containsExactly("approve by admin-token");
  }

  @Test
  void approve_tokenToAnotherMachineInTheClear_notSent() {
    Ran ran =
        signet(
            "rotation",
            "approve",
            "--operator",
            "http://signet.example.org:8080",
            "--admin-token-file",
            token.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("the admin token is not sent there");
  }

  @Test
  void approve_certificate_byItsId() throws Exception {
    Ran ran = overTls(ROOT.workload(JO.toString()), "rotation", "approve");

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(rotation.acts).containsExactly("approve by " + JO);
  }

  @Test
  void approve_certificateOfSomebodyElse_1() throws Exception {
    Ran ran = overTls(ROOT.workload("spiffe://example.org/user/mo"), "rotation", "approve");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("spiffe://example.org/user/mo is no administrator");
  }

  @Test
  void approve_serverNotTrusted_1() throws Exception {
    TestCertificates other = TestCertificates.root("other");
    Path roots = pem("other.pem", List.of(other.certificate()));

    Ran ran =
        signet(
            "rotation",
            "approve",
            "--operator",
            https(),
            "--ca-file",
            roots.toString(),
            "--admin-token-file",
            token.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("no answer");
    assertThat(rotation.acts).isEmpty();
  }

  @Test
  void approve_tokenOverTls_done() throws Exception {
    Path roots = pem("roots.pem", List.of(ROOT.certificate()));

    Ran ran =
        signet(
            "rotation",
            "approve",
            "--operator",
            https(),
            "--ca-file",
            roots.toString(),
            "--admin-token-file",
            token.toString());

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(rotation.acts).containsExactly("approve by admin-token");
  }

  @Test
  void approve_certificateWithoutKey_usage() {
    Ran ran = signet("rotation", "approve", "--operator", https(), "--cert", "f");

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("--cert and --key: only one of them");
  }

  @Test
  void approve_caFileForPlainHttp_usage() {
    Ran ran = act("rotation", "approve", "--ca-file", "f");

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("no TLS there for --ca-file or --cert");
  }

  @Test
  void approve_keyOfNoUse_named() throws Exception {
    Path roots = pem("roots.pem", List.of(ROOT.certificate()));

    Ran ran =
        signet(
            "rotation",
            "approve",
            "--operator",
            https(),
            "--ca-file",
            roots.toString(),
            "--cert",
            roots.toString(),
            "--key",
            token.toString());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains(token + ": not the key of").doesNotContain(TOKEN);
  }

  @Test
  void status_steady_0() {
    Ran ran = signet("rotation", "status", "--operator", http());

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out()).startsWith("phase       steady since 2026-11-23T11:59:00Z (1m)");
  }

  @Test
  void status_alarm_1AndJson() throws Exception {
    rotation.status = FakeRotationControl.published();

    Ran ran = signet("rotation", "status", "--operator", http(), "--output", "json");

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(new ObjectMapper().readTree(ran.out()).path("alarms")).hasSize(1);
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void status_storeAway_1() {
    rotation.storeIsAway();

    Ran ran = signet("rotation", "status", "--operator", http());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("the store cannot be reached now");
  }

  @Test
  void status_rootElsewhere_1SayingWhere() {
    rotation.elsewhere = Optional.of("the root is not rotated here: it was imported");

    Ran ran = signet("rotation", "status", "--operator", http());

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("the root is not rotated here: it was imported");
  }

  @Test
  void authorityList_table_newestFirst() {
    rotation.authorities =
        List.of(
            new AuthorityStatus(
                FakeRotationControl.SECOND, AuthorityStatus.Role.NEXT, false, Optional.empty()),
            new AuthorityStatus(
                FakeRotationControl.FIRST,
                AuthorityStatus.Role.ACTIVE,
                true,
                Optional.of(ROOT.certificate())));

    Ran ran = signet("authority", "list", "--operator", http());

    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out().lines().map(line -> line.replaceAll("  +", "|")))
        .hasSize(3)
        .startsWith(
            "GENERATION|ROLE|KEY ID|SUBJECT|NOT BEFORE|NOT AFTER|LABEL", "2|next|-|-|-|-|root-2")
        .last()
        .asString()
        .matches("1\\|active, compromised\\|[0-9a-f]{40}\\|CN=root\\|.*Z\\|.*Z\\|root-1");
  }

  @Test
  void bundleShow_eachOutput_sameAuthority() throws Exception {
    Ran table = signet("bundle", "show", "--operator", http());
    Ran json = signet("bundle", "show", "--operator", http(), "--output", "json");
    Ran pem = signet("bundle", "show", "--operator", http(), "--output", "pem");

    assertThat(table.out()).startsWith("example.org, version 7\nKEY ID").contains("CN=root");
    assertThat(new ObjectMapper().readTree(json.out()).path("sequence").asLong()).isEqualTo(7);
    assertThat(pem.out()).isEqualTo(BUNDLE.toPem());
  }

  @Test
  void bundleShow_otherOutput_usage() {
    assertThat(signet("bundle", "show", "--operator", http(), "--output", "der").exit())
        .isEqualTo(2);
  }

  private Ran overTls(TestCertificates shown, String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of("--operator", https()));
    all.addAll(List.of("--ca-file", pem("roots.pem", List.of(ROOT.certificate())).toString()));
    all.addAll(List.of("--cert", pem("svid.pem", shown.chain()).toString()));
    String key = Pem.encode("PRIVATE KEY", shown.keys().getPrivate().getEncoded());
    all.addAll(List.of("--key", secret("svid.key", key).toString()));
    return signet(all.toArray(String[]::new));
  }

  private Path pem(String name, List<java.security.cert.X509Certificate> chain) throws IOException {
    return Files.writeString(folder.resolve(name), Pem.encode(chain));
  }

  private Ran act(String... command) {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of("--operator", http(), "--admin-token-file", token.toString()));
    return signet(all.toArray(String[]::new));
  }

  private String http() {
    return "http://127.0.0.1:" + plain.port();
  }

  private String https() {
    return "https://localhost:" + tls.port();
  }
}
