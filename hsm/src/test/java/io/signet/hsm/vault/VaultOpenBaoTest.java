package io.signet.hsm.vault;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** CT-7 on a real OpenBao, with a login by approle and the least policy. */
final class VaultOpenBaoTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final AtomicInteger MOUNTS = new AtomicInteger();

  @TempDir private static Path home;
  private static Bao bao;

  private final ManualTiming timing = new ManualTiming();
  private VaultSettings settings;
  private VaultKeyCustodian custodian;
  private String mount;

  @BeforeAll
  static void start() throws Exception {
    bao = Bao.start(home);
  }

  @AfterAll
  static void stop() throws Exception {
    if (bao != null) {
      bao.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    mount = "ca-" + MOUNTS.incrementAndGet();
    bao.mountTransit(mount);
    bao.writePolicy(mount, mount);
    Path secretId = Files.writeString(home.resolve(mount), bao.enableAppRole(mount, mount));
    settings = settings(bao, Optional.empty(), new VaultAuth.AppRole(mount, mount, secretId));
    custodian = VaultKeyCustodian.open(settings, CustodianListener.NONE, timing);
  }

  private VaultSettings settings(Bao server, Optional<Path> caFile, VaultAuth auth) {
    return new VaultSettings(
        List.of(server.address()),
        mount,
        Optional.empty(),
        caFile,
        auth,
        VaultSettings.DEFAULT_PERMITS,
        VaultSettings.DEFAULT_DEADLINE);
  }

  @AfterEach
  void close() {
    custodian.close();
  }

  private KeyHandle generate() throws CustodyException {
    return custodian.generate(ROOT, KeyAlgorithm.EC_P256);
  }

  private void reopen() throws CustodyException {
    custodian.close();
    custodian = VaultKeyCustodian.open(settings, CustodianListener.NONE, timing);
  }

  // VAULT-8, VAULT-9; the handle verifies.
  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"RSA_3072", "RSA_4096"})
  void sign_longRsa_verifies(KeyAlgorithm algorithm) throws Exception {
    assertThat(custodian.generate(ROOT, algorithm).sign(MESSAGE)).isNotEmpty();
  }

  // VAULT-7
  @Test
  void sign_rotatedBehindOurBack_pinnedVersion() throws Exception {
    KeyHandle key = generate();
    bao.post(mount + "/keys/root-1/rotate", "{}");
    assertThat(key.sign(MESSAGE)).isNotEmpty();

    reopen();

    KeyHandle found;
    try (CapturedLog log = new CapturedLog()) {
      found = custodian.find(key.publicKey()).orElseThrow();
      assertThat(log.lines())
          .anyMatch(
              line -> line.contains("key root-1 was rotated to version 2; version 1 is in use"));
    }
    assertThat(found.sign(MESSAGE)).isNotEmpty();
    assertThat(custodian.find(ROOT)).containsSame(found);
  }

  // KC-7: a key that nobody waits for any more does not appear later, beside or instead of the
  // next.
  @Test
  void find_creationGivenUp_waitsForItsEndAndKnows() throws Exception {
    Call creation = Call.writeOnce(mount + "/keys/root-1", Map.of("type", "rsa-4096"));
    try (Session session = Session.open(settings, CustodianListener.NONE, timing)) {
      Deadline tooSoon = Deadline.in(Duration.ofMillis(10));
      assertFault(Fault.LOST, () -> session.done(creation, tooSoon));
    }

    assertThat(custodian.find(ROOT)).isEmpty();
    KeyHandle next = generate();

    assertThat(next.sign(MESSAGE)).isNotEmpty();
    reopen();
    assertThat(custodian.find(ROOT).orElseThrow().publicKey()).isEqualTo(next.publicKey());
  }

  // KC-7: as two processes would. Whoever comes late enough is told that the label is taken.
  @Test
  void generate_sameLabelAtOnce_oneKeyForAll() throws Exception {
    Set<PublicKey> made = ConcurrentHashMap.newKeySet();
    try (var other = VaultKeyCustodian.open(settings, CustodianListener.NONE, timing);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (VaultKeyCustodian each : List.of(custodian, other)) {
        all.add(threads.submit(() -> made.add(generatedOrFound(each))));
      }
      for (Future<?> each : all) {
        Object _ = each.get();
      }
    }

    assertThat(made).hasSize(1);
  }

  private static PublicKey generatedOrFound(VaultKeyCustodian custodian) throws CustodyException {
    try {
      return custodian.generate(ROOT, KeyAlgorithm.RSA_2048).publicKey();
    } catch (CustodyException e) {
      assertThat(e.fault()).isEqualTo(Fault.REJECTED);
      return custodian.find(ROOT).orElseThrow().publicKey();
    }
  }

  // VAULT-5: the new version is somebody's key too.
  @Test
  void destroy_rotatedBehindOurBack_rejectedAndKeyStays() throws Exception {
    KeyHandle key = generate();
    bao.post(mount + "/keys/root-1/rotate", "{}");

    assertFault(Fault.REJECTED, () -> custodian.destroy(key)).hasMessageContaining("rotated");

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // VST-1, VAULT-5
  @Test
  void sign_pinnedVersionForbidden_rejected() throws Exception {
    KeyHandle key = generate();
    bao.post(mount + "/keys/root-1/rotate", "{}");
    bao.post(mount + "/keys/root-1/config", "{\"min_encryption_version\":2}");

    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE)).hasMessageContaining("version");
  }

  @Test
  void find_exportableKey_rejected() throws Exception {
    bao.post(mount + "/keys/root-1", "{\"type\":\"ecdsa-p256\",\"exportable\":true}");

    assertFault(Fault.REJECTED, () -> custodian.find(ROOT)).hasMessageContaining("exportable");
  }

  @Test
  void find_keyOfOtherKind_rejected() throws Exception {
    bao.post(mount + "/keys/root-1", "{\"type\":\"aes256-gcm96\"}");
    bao.post(mount + "/keys/root-2", "{\"type\":\"ecdsa-p521\"}");

    assertFault(Fault.REJECTED, () -> custodian.find(ROOT));
    assertFault(Fault.REJECTED, () -> custodian.find(new KeyLabel("root-2")));
    assertThat(custodian.find(generateAs("root-3").publicKey())).isPresent();
  }

  // What was put there once does not come out, and Vault makes no second version of it.
  @Test
  void importKey_exportedOrRotated_refusedByVault() throws Exception {
    KeyHandle _ = custodian.importKey(ROOT, newPair());

    assertThatThrownBy(() -> bao.ask("GET", mount + "/export/signing-key/root-1", ""))
        .hasMessageContaining("not exportable");
    assertThatThrownBy(() -> bao.ask("GET", mount + "/backup/root-1", ""))
        .hasMessageContaining("backup");
    assertThatThrownBy(() -> bao.post(mount + "/keys/root-1/rotate", "{}"))
        .hasMessageContaining("rotat");
  }

  // VST-2: who never imports needs no policy for it.
  @Test
  void importKey_policyWithoutWrappingKey_denied() throws Exception {
    String rest =
        "path \\\"" + mount + "/keys*\\\" { capabilities = [\\\"read\\\", \\\"list\\\"] }";
    bao.post("sys/policies/acl/" + mount, "{\"policy\":\"" + rest + "\"}");

    assertFault(Fault.DENIED, () -> custodian.importKey(ROOT, newPair()))
        .hasMessageContaining(mount + "/wrapping_key");
  }

  private static KeyPair newPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(KeyAlgorithm.EC_P256.generation());
    return generator.generateKeyPair();
  }

  private KeyHandle generateAs(String label) throws CustodyException {
    return custodian.generate(new KeyLabel(label), KeyAlgorithm.EC_P256);
  }

  // VST-9, VAUTH-6
  @Test
  void sign_sealedAndUnsealed_busyAndThenAgain() throws Exception {
    KeyHandle key = generate();
    bao.seal();
    assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("unseal");
    assertFault(Fault.BUSY, () -> VaultKeyCustodian.open(settings, CustodianListener.NONE, timing));

    bao.unseal();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // CT-3
  @Test
  void sign_killedAndRestarted_lostAndThenAgain() throws Exception {
    KeyHandle key = generate();
    bao.kill();
    assertFault(Fault.LOST, () -> key.sign(MESSAGE)).hasMessageContaining("cannot be reached");

    bao.restart();
    assertFault(Fault.BUSY, () -> key.sign(MESSAGE));
    bao.unseal();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // VAUTH-5
  @Test
  void sign_tokensRevoked_newLogin() throws Exception {
    KeyHandle key = generate();
    bao.post("sys/leases/revoke-force/auth/" + mount, "{}");

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // VAUTH-4
  @Test
  void runDue_renewalIsDue_signsOn() throws Exception {
    KeyHandle key = generate();
    timing.advance(Duration.ofMinutes(40));

    custodian.runDue();

    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // VST-2
  @Test
  void sign_policyTakenAway_denied() throws Exception {
    KeyHandle key = generate();
    bao.post("sys/policies/acl/" + mount, "{\"policy\":\"path \\\"none\\\" {}\"}");

    assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("policy");
  }

  // CT-6
  @Test
  void open_wrongSecretId_denied() throws Exception {
    Path wrong = Files.writeString(home.resolve("wrong"), "6f2bff8c-wrong");

    assertFault(
            Fault.DENIED,
            () ->
                VaultKeyCustodian.open(
                    settings(bao, Optional.empty(), new VaultAuth.AppRole(mount, mount, wrong)),
                    CustodianListener.NONE,
                    timing))
        .hasMessageNotContaining("6f2bff8c-wrong");
  }

  // VST-5, by a real quota.
  @Test
  void sign_quotaUsedUp_busy() throws Exception {
    KeyHandle key = generate();
    String quota = "sys/quotas/rate-limit/" + mount;
    bao.post(quota, "{\"rate\":1,\"interval\":\"1h\",\"path\":\"" + mount + "\"}");
    byte[] _ = key.sign(MESSAGE);

    assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("429");
    assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("left alone");

    bao.ask("DELETE", quota, "");
    timing.advance(Duration.ofMinutes(1));
    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // VAUTH-2 over TLS with a CA of its own.
  @Test
  void open_clientCertificate_signs(@TempDir Path tls) throws Exception {
    try (Bao server = Bao.startWithTls(tls)) {
      Bao.certify(tls, "client", "extendedKeyUsage=clientAuth");
      server.mountTransit(mount);
      server.writePolicy(mount, mount);
      server.post("sys/auth/cert", "{\"type\":\"cert\"}");
      String pem = Files.readString(tls.resolve("client.pem")).replace("\n", "\\n");
      server.post(
          "auth/cert/certs/signet",
          "{\"certificate\":\"%s\",\"token_policies\":[\"%s\"]}".formatted(pem, mount));
      VaultAuth cert =
          new VaultAuth.Cert(
              "cert", Optional.of("signet"), tls.resolve("client.pem"), tls.resolve("client.key"));
      VaultSettings trusting = settings(server, Optional.of(tls.resolve("server.pem")), cert);

      try (var overTls = VaultKeyCustodian.open(trusting, CustodianListener.NONE, timing)) {
        KeyHandle key = overTls.generate(ROOT, KeyAlgorithm.EC_P256);
        timing.advance(Duration.ofDays(20));
        overTls.runDue();
        assertThat(key.sign(MESSAGE)).isNotEmpty();
      }
      // KC-5: a server that is not the one is never shown the secret.
      VaultSettings wrongCa = settings(server, Optional.of(tls.resolve("client.pem")), cert);
      assertFault(
              Fault.DENIED, () -> VaultKeyCustodian.open(wrongCa, CustodianListener.NONE, timing))
          .hasMessageContaining("PKIX path building failed"); // what a person has to mend
    }
  }
}
