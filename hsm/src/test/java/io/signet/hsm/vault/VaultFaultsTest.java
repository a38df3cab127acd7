package io.signet.hsm.vault;

import static io.signet.hsm.Faults.assertFault;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Told;
import io.signet.hsm.vault.FakeVault.Reply;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CT-7: each row of key-custody, section 6, and what else a Vault does wrong. */
final class VaultFaultsTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final KeyLabel OTHER = new KeyLabel("root-2");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final String SIGN = "/sign/";

  @TempDir private Path home;
  private final ManualTiming timing = new ManualTiming();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private FakeVault vault;
  private FakeVault other;
  private VaultKeyCustodian custodian;
  private KeyHandle key;

  @BeforeEach
  void open() throws Exception {
    vault = new FakeVault();
    other = new FakeVault();
    Files.writeString(home.resolve("secret-id"), "the-secret-id\n");
    reopen(VaultSettings.DEFAULT_DEADLINE, vault.address());
    key = custodian.generate(ROOT, KeyAlgorithm.EC_P256);
    other.joins(vault);
  }

  @AfterEach
  void close() {
    custodian.close();
    vault.close();
    other.close();
  }

  private void reopen(Duration deadline, URI... addresses) throws CustodyException {
    if (custodian != null) {
      custodian.close();
    }
    VaultSettings settings =
        new VaultSettings(
            List.of(addresses),
            "transit",
            Optional.of("team/ca"),
            Optional.empty(),
            new VaultAuth.AppRole("approle", "signet", home.resolve("secret-id")),
            1,
            deadline);
    custodian = VaultKeyCustodian.open(settings, event -> told.add(Told.of(event)), timing);
  }

  /** On both nodes; the key is the one that was made at the first. */
  private void reopenOnBoth() throws CustodyException {
    reopen(VaultSettings.DEFAULT_DEADLINE, vault.address(), other.address());
    key = custodian.find(ROOT).orElseThrow();
    other.joins(vault);
  }

  // VAULT-1, VAULT-3, VAULT-7
  @Test
  void generateAndSign_requests_nameEverything() throws Exception {
    try (CapturedLog log = new CapturedLog()) {
      byte[] _ = key.sign(MESSAGE);
      // Nothing for each signature; the driver would, of the namespace.
      assertThat(log.lines()).noneMatch(line -> line.contains("io.signet"));
      assertThat(log.lines()).noneMatch(line -> line.contains("jopenlibs"));
    }

    FakeVault.Request created =
        vault.requests("transit/keys/root-1").stream()
            .filter(request -> request.method().equals("POST"))
            .findFirst()
            .orElseThrow();
    assertThat(created.body())
        .contains("\"type\":\"ecdsa-p256\"")
        .contains("\"exportable\":false")
        .contains("\"allow_plaintext_backup\":false")
        .contains("\"auto_rotate_period\":\"0\"");
    FakeVault.Request signed = vault.requests(SIGN).getLast();
    assertThat(signed.path()).isEqualTo("transit/sign/root-1/sha2-256");
    assertThat(signed.namespace()).isEqualTo("team/ca");
    assertThat(signed.body())
        .contains("\"prehashed\":true")
        .contains("\"key_version\":1")
        .contains("\"marshaling_algorithm\":\"asn1\"");
  }

  // A standby that has not heard of it yet would say that there is nothing.
  @Test
  void find_somethingWritten_saysWhatTheNodeMustKnow() throws Exception {
    assertThat(vault.requests("root-1").getLast().mustKnow()).isEmpty();
    vault.once(SIGN, Reply.of(400).with("X-Vault-Index", "eyJ2YWx1ZSI6NDJ9+/="));
    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE));

    Optional<KeyHandle> _ = custodian.find(ROOT);

    assertThat(vault.requests("root-1").getLast().mustKnow())
        .isEqualTo("eyJ2YWx1ZSI6NDJ9+/=forward-active-node");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "{\"value\":42}"})
  void find_strangeIndex_notRepeated(String index) throws Exception {
    vault.once(SIGN, Reply.of(400).with("X-Vault-Index", index));
    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE));

    Optional<KeyHandle> _ = custodian.find(ROOT);

    assertThat(vault.requests("root-1").getLast().mustKnow()).isEmpty();
  }

  // VST-1
  @Test
  void sign_400_rejectedAndNotRepeated() {
    int before = vault.requests(SIGN).size();
    vault.always(SIGN, Reply.of(400, "no such thing"));

    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE)).hasMessageContaining("no such thing");

    assertThat(vault.requests(SIGN)).hasSize(before + 1);
  }

  // VST-2, VAUTH-5
  @Test
  void sign_403Once_oneLoginAndSigns() throws Exception {
    int before = vault.requests(SIGN).size();
    vault.once(SIGN, Reply.of(403, "permission denied"));

    assertThat(key.sign(MESSAGE)).isNotEmpty();

    assertThat(vault.requests("/login")).hasSize(2);
    assertThat(vault.requests(SIGN)).hasSize(before + 2);
  }

  // VST-2, VAUTH-5
  @Test
  void sign_403Always_deniedAfterOneLoginAndOneRetry() {
    int before = vault.requests(SIGN).size();
    vault.always(SIGN, Reply.of(403, "permission denied"));

    assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("policy");
    assertThat(vault.requests("/login")).hasSize(2);
    assertThat(vault.requests(SIGN)).hasSize(before + 2);

    // No login for each signature that the policy forbids.
    for (int second = 0; second < 50; second++) {
      timing.advance(Duration.ofSeconds(1));
      assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("policy");
    }
    assertThat(vault.requests("/login")).hasSize(2);

    // Now and then one, for the role may have another policy by now.
    timing.advance(Duration.ofSeconds(10));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    assertThat(vault.requests("/login")).hasSize(3);
  }

  // A policy that is corrected holds at once, and what was remembered of it is forgotten.
  @Test
  void sign_403UntilPolicyIsCorrected_signsAtOnceAndLogsInAsBefore() {
    vault.always(SIGN, Reply.of(403, "permission denied"));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));

    vault.heal();
    assertThatSigns();
    assertThat(vault.requests("/login")).hasSize(2);

    timing.advance(Duration.ofSeconds(5));
    vault.forgetTokens();
    assertThatSigns();
    assertThat(vault.requests("/login")).hasSize(3);
  }

  // VAUTH-5: calls that are forbidden log in together, not by turns.
  @Test
  void severalCalls_403Always_oneLoginAMinuteForAll() {
    vault.always("transit/keys", Reply.of(403, "permission denied"));
    vault.always(SIGN, Reply.of(403, "permission denied"));
    int minutes = 5;

    for (int i = 0; i < minutes * 10; i++) {
      timing.advance(Duration.ofSeconds(6));
      assertFault(Fault.DENIED, () -> custodian.find(ROOT));
      assertFault(Fault.DENIED, () -> custodian.find(key.publicKey()));
      assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    }

    int first = 3;
    assertThat(vault.requests("/login")).hasSizeLessThanOrEqualTo(1 + first + minutes);
  }

  // VST-3
  @Test
  void sign_404_rejectedNamingBothCauses() {
    vault.always(SIGN, Reply.of(404, "no handler for route"));

    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE))
        .hasMessageContaining("no such path, or hidden by policy")
        .hasMessageContaining("no handler for route");
  }

  // VST-3: of a mount that is missing nothing is known.
  @Test
  void find_mountMissing_rejectedAndNotAbsent() {
    vault.always("transit/keys", Reply.of(404, "no handler for route"));

    assertFault(Fault.REJECTED, () -> custodian.find(ROOT));
    assertFault(Fault.REJECTED, () -> custodian.find(key.publicKey()));
  }

  // VST-4, VST-8, KC-6
  @ParameterizedTest
  @ValueSource(ints = {412, 500, 502, 504})
  void sign_unclearOnce_sameBytesAgain(int status) throws Exception {
    vault.once(SIGN, Reply.of(status, "for a moment"));

    assertThat(key.sign(MESSAGE)).isNotEmpty();

    List<FakeVault.Request> sent = vault.requests(SIGN);
    assertThat(sent.getLast().body()).isEqualTo(sent.get(sent.size() - 2).body());
    assertThat(timing.pauses()).hasSize(1);
  }

  // VST-4, VST-8
  @ParameterizedTest
  @CsvSource({"412, BUSY", "500, LOST", "502, LOST", "504, LOST"})
  void sign_unclearAlways_oneRetry(int status, Fault fault) {
    int before = vault.requests(SIGN).size();
    vault.always(SIGN, Reply.of(status, "for good"));

    assertFault(fault, () -> key.sign(MESSAGE)).hasMessageContaining("for good");

    assertThat(vault.requests(SIGN)).hasSize(before + 2);
  }

  // KC-6, KC-7: whether the first one made a key is for find() to say.
  @Test
  void generate_unclear_notRepeated() {
    KeyLabel label = new KeyLabel("root-2");
    vault.once("keys/root-2", Reply.of(404));
    vault.always("keys/root-2", Reply.of(500, "for good"));

    assertFault(Fault.LOST, () -> custodian.generate(label, KeyAlgorithm.EC_P256));

    assertThat(vault.requests("keys/root-2").stream().filter(r -> r.method().equals("POST")))
        .hasSize(1);
  }

  // OpenBao 2.7.2 answers so; it stays so.
  @Test
  void sign_versionForbidden_rejected() {
    vault.always(SIGN, Reply.of(500, "requested version for signing is less than the minimum"));

    assertFault(Fault.REJECTED, () -> key.sign(MESSAGE));
  }

  // VST-5
  @Test
  void sign_429_busyAndLeftAloneAsLongAsItWants() throws Exception {
    vault.once(SIGN, Reply.of(429, "quota").with("Retry-After", "7"));
    assertFault(Fault.BUSY, () -> key.sign(MESSAGE));
    int before = vault.requests(SIGN).size();

    for (int i = 0; i < 20; i++) {
      assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("left alone");
    }
    assertThat(vault.requests(SIGN)).hasSize(before);

    timing.advance(Duration.ofSeconds(7));
    assertThatSigns();
  }

  // VST-5, VST-6: standbys answer health so, and pass requests on.
  @ParameterizedTest
  @ValueSource(ints = {200, 429, 473})
  void open_usableNode_isUsed(int health) throws Exception {
    vault.always("sys/health", Reply.of(health));

    reopenOnBoth();

    assertThat(other.requests("/login")).isEmpty();
    assertThatSigns();
  }

  // VST-6, VST-9
  @ParameterizedTest
  @ValueSource(ints = {472, 501, 503})
  void open_uselessNode_otherIsUsed(int health) throws Exception {
    vault.always("sys/health", Reply.of(health));

    reopen(VaultSettings.DEFAULT_DEADLINE, vault.address(), other.address());

    assertThat(other.requests("/login")).hasSize(1);
    assertThat(custodian.find(ROOT).orElseThrow().publicKey()).isEqualTo(key.publicKey());
  }

  // VST-9, P11-22's like: the message says what is wrong with each.
  @Test
  void open_noUsableNode_saysWhyOfEach() {
    vault.always("sys/health", Reply.of(503));
    other.always("sys/health", Reply.of(501));

    assertFault(
            Fault.BUSY,
            () -> reopen(VaultSettings.DEFAULT_DEADLINE, vault.address(), other.address()))
        .hasMessageContaining(vault.address() + ": READ sys/health; sealed")
        .hasMessageContaining(other.address() + ": READ sys/health; not initialised");
  }

  // VST-9
  @ParameterizedTest
  @ValueSource(ints = {472, 473, 501, 503})
  void sign_nodeCannot_otherDoesAndStaysPreferred(int status) throws Exception {
    reopenOnBoth();
    vault.always(SIGN, Reply.of(status, "not here"));

    assertThatSigns();
    int asked = vault.requests(SIGN).size();
    assertThatSigns();

    assertThat(vault.requests(SIGN)).hasSize(asked);
    assertThat(timing.pauses()).isEmpty();
  }

  // VST-9, VAUTH-6
  @Test
  void sign_onlyNodeSealed_busyUntilUnsealed() throws Exception {
    vault.always(SIGN, Reply.of(503, "Vault is sealed"));

    assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("unseal");

    vault.heal();
    assertThatSigns();
  }

  // CT-7: one of two addresses down.
  @Test
  void sign_nodeGone_otherDoes() throws Exception {
    reopenOnBoth();
    vault.close();

    assertThatSigns();

    other.close();
    assertFault(Fault.LOST, () -> key.sign(MESSAGE))
        .hasMessageContaining(vault.address().toString())
        .hasMessageContaining(other.address().toString());
  }

  @Test
  void open_nobodyThere_lost() {
    assertFault(Fault.LOST, () -> reopen(VaultSettings.DEFAULT_DEADLINE, FakeVault.nobody()))
        .hasMessageContaining("cannot be reached");
  }

  // VST-7
  @Test
  void sign_307ToConfiguredAddress_followed() throws Exception {
    reopenOnBoth();
    vault.always(
        SIGN, Reply.of(307).with("Location", other.address() + "/v1/transit/sign/root-1/sha2-256"));
    int before = other.requests(SIGN).size();

    assertThatSigns();

    assertThat(other.requests(SIGN)).hasSize(before + 1);
  }

  // VST-7: the token goes to nobody else.
  @Test
  void sign_307ToOtherAddress_notFollowed() {
    vault.always(SIGN, Reply.of(307).with("Location", other.address() + "/v1/transit/sign"));
    int before = other.requests("").size();

    assertFault(Fault.BUSY, () -> key.sign(MESSAGE))
        .hasMessageContaining(other.address().toString())
        .hasMessageContaining("not among the configured addresses");

    assertThat(other.requests("")).hasSize(before);
  }

  // VAULT-7
  @Test
  void sign_otherVersionSigned_neverLeaves() {
    vault.signingVersion = 2;

    assertFault(Fault.LOST, () -> key.sign(MESSAGE))
        .hasMessageContaining("version 2 has signed (expected: 1)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "{\"data\":{}}",
        "{\"data\":{\"signature\":\"vault:v1:%%%\"}}",
        "{\"data\":{\"signature\":7}}"
      })
  void sign_strangeAnswer_lost(String body) {
    vault.always(SIGN, new Reply(200, body, Map.of()));

    assertFault(Fault.LOST, () -> key.sign(MESSAGE)).hasMessageContaining(ROOT.value());
  }

  @Test
  void sign_endlessAnswer_lost() {
    vault.always(SIGN, new Reply(200, "[".repeat(2 << 20), Map.of()));

    assertFault(Fault.LOST, () -> key.sign(MESSAGE));
  }

  // CT-2, KC-1
  @Test
  void sign_corrupted_brokenForGood() {
    vault.corrupt = true;
    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE));

    vault.corrupt = false;
    assertFault(Fault.BROKEN, () -> key.sign(MESSAGE));
    assertFault(Fault.BROKEN, () -> custodian.find(ROOT).orElseThrow().sign(MESSAGE));
  }

  // CT-2: what never signed right is not kept.
  @Test
  void generate_corrupted_brokenAndGone() throws Exception {
    KeyLabel label = new KeyLabel("root-2");
    vault.corrupt = true;

    assertFault(Fault.BROKEN, () -> custodian.generate(label, KeyAlgorithm.EC_P256));

    assertThat(custodian.find(label)).isEmpty();
  }

  @Test
  void importKey_requests_wrappedAndNamedInFull() throws Exception {
    KeyHandle imported = custodian.importKey(OTHER, vault.importable);

    assertThat(imported.publicKey()).isEqualTo(vault.importable.getPublic());
    assertThat(vault.requests("keys/root-2/import").getFirst().body())
        .contains("\"type\":\"ecdsa-p256\"")
        .contains("\"hash_function\":\"SHA256\"")
        .contains("\"exportable\":false")
        .contains("\"allow_plaintext_backup\":false")
        .contains("\"allow_rotation\":false");
  }

  // CT-8
  @Test
  void importKey_whateverIsSent_noSecretInTheClear() throws Exception {
    KeyHandle _ = custodian.importKey(OTHER, vault.importable);

    byte[] pkcs8 = vault.importable.getPrivate().getEncoded();
    byte[] number = Arrays.copyOfRange(pkcs8, pkcs8.length - 32, pkcs8.length); // it ends with it
    String secret = new String(number, ISO_8859_1);
    for (FakeVault.Request request : vault.requests("")) {
      for (String text : request.body().split("\"")) {
        assertThat(decoded(text)).doesNotContain(secret);
      }
    }
  }

  private static String decoded(String text) {
    try {
      return new String(Base64.getDecoder().decode(text), ISO_8859_1);
    } catch (IllegalArgumentException noBase64) {
      return "";
    }
  }

  // KC-2: nobody is asked.
  @Test
  void importKey_halvesOfTwoKeys_vaultHearsNothing() {
    int before = vault.requests("").size();
    KeyPair mixed = new KeyPair(key.publicKey(), vault.importable.getPrivate());

    assertFault(Fault.REJECTED, () -> custodian.importKey(OTHER, mixed));

    assertThat(vault.requests("")).hasSize(before);
  }

  // VST-2: a policy may allow all but this.
  @Test
  void importKey_wrappingKeyForbidden_deniedNamingThePath() throws Exception {
    vault.always("wrapping_key", Reply.of(403, "permission denied"));

    assertFault(Fault.DENIED, () -> custodian.importKey(OTHER, vault.importable))
        .hasMessageContaining("transit/wrapping_key")
        .hasMessageContaining("must allow `read` there");

    assertThat(custodian.find(OTHER)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"data\":{}}", "{\"data\":{\"public_key\":\"no PEM\"}}"})
  void importKey_strangeWrappingKey_lostAndNothingSent(String body) {
    vault.always("wrapping_key", new Reply(200, body, Map.of()));

    assertFault(Fault.LOST, () -> custodian.importKey(OTHER, vault.importable))
        .hasMessageContaining("no wrapping key");

    assertThat(vault.requests("/import")).isEmpty();
  }

  // VST-1: an older Vault, or another process was faster. The answer may repeat what was sent.
  @Test
  void importKey_refused_rejectedInItsWords() {
    vault.always("/import", Reply.of(400, "cannot be used with an existing key"));

    assertFault(Fault.REJECTED, () -> custodian.importKey(OTHER, vault.importable))
        .hasMessageContaining("cannot be used with an existing key");
  }

  // KC-6, KC-7: it was taken in, and find() says so.
  @Test
  void importKey_unclear_notRepeatedAndFound() throws Exception {
    vault.always("/import", Reply.of(502, "for a moment"));
    assertFault(Fault.LOST, () -> custodian.importKey(OTHER, vault.importable));
    assertThat(vault.requests("/import")).hasSize(1);
    assertThat(custodian.find(OTHER)).isEmpty();

    vault.heal();
    KeyHandle imported = custodian.importKey(OTHER, vault.importable);
    assertThat(custodian.find(OTHER)).containsSame(imported);
  }

  // CT-2: what never signed right is not kept.
  @Test
  void importKey_corrupted_brokenAndGone() throws Exception {
    vault.corrupt = true;

    assertFault(Fault.BROKEN, () -> custodian.importKey(OTHER, vault.importable));

    assertThat(custodian.find(OTHER)).isEmpty();
  }

  // VST-8, KC-7: it says that it is done, and it is not.
  @Test
  void importKey_doneAndNotThere_lost() {
    vault.once("/import", new Reply(204, "", Map.of()));

    assertFault(Fault.LOST, () -> custodian.importKey(OTHER, vault.importable))
        .hasMessageContaining("it was made and is not there");
  }

  // KC-2: another process has put its own key there meanwhile, and keeps it.
  @Test
  void importKey_otherKeyIsThereAfterwards_rejectedAndItStays() throws Exception {
    vault.hold("/import");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<KeyHandle> slower = threads.submit(() -> custodian.importKey(OTHER, vault.importable));
      Waits.until(() -> vault.requests("/import").size() == 1);
      vault.once("/import", new Reply(204, "", Map.of()));
      vault.makeKey(OTHER.value());
      vault.release("/import");

      assertFault(Fault.REJECTED, () -> cause(slower))
          .hasMessageContaining("the label was taken meanwhile");
    }
    assertThat(custodian.find(OTHER)).isPresent();
  }

  private static void cause(Future<?> failed) throws Throwable {
    try {
      Object _ = failed.get();
    } catch (ExecutionException e) {
      throw e.getCause();
    }
  }

  // CT-4, KC-3
  @Test
  void sign_hangingVault_lostAtDeadlineAndBackWhenItIs() throws Exception {
    reopen(Duration.ofSeconds(2), vault.address());
    key = custodian.find(ROOT).orElseThrow();
    vault.hold(SIGN);

    assertFault(Fault.LOST, () -> key.sign(MESSAGE));

    vault.release(SIGN);
    assertThatSigns();
  }

  // CT-4: half of the time is for the other node.
  @Test
  void sign_hangingNode_otherDoes() throws Exception {
    reopenOnBoth();
    vault.hold(SIGN);

    assertThatSigns();
  }

  // A key that only seems to be missing would be made anew.
  @Test
  void find_notFoundByAProxy_rejectedAndNotAbsent() {
    vault.always("transit/keys", new Reply(404, "<html>not found</html>", Map.of()));

    assertFault(Fault.REJECTED, () -> custodian.find(ROOT));
  }

  // VAULT-4: several wait while one is under way; each is judged alone.
  @Test
  void sign_batchWithBadItem_onlyThatOneFails() throws Exception {
    vault.spoiltItem = 1;
    vault.hold(SIGN);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int before = vault.requests(SIGN).size();
      List<Future<byte[]>> all = new ArrayList<>();
      all.add(threads.submit(() -> key.sign(MESSAGE)));
      Waits.until(() -> vault.requests(SIGN).size() == before + 1);
      for (int i = 0; i < 4; i++) {
        all.add(threads.submit(() -> key.sign(MESSAGE)));
      }
      Waits.until(() -> custodian.status().load().orElseThrow().waiting() == 4);
      vault.release(SIGN);

      List<Throwable> failures = new ArrayList<>();
      for (Future<byte[]> one : all) {
        try {
          byte[] _ = one.get();
        } catch (ExecutionException e) {
          failures.add(e.getCause());
        }
      }
      assertThat(failures).hasSize(1);
      assertThat(failures.getFirst()).hasMessageContaining("spoilt");
      assertThat(((CustodyException) failures.getFirst()).fault()).isEqualTo(Fault.REJECTED);
      assertThat(vault.requests(SIGN)).hasSize(before + 2);
    }
  }

  // KC-8: told once that it is lost, however many notice, and when it was back.
  @ParameterizedTest
  @ValueSource(ints = {500, 501, 503})
  void sign_noNodeTakesIt_lostUntilOneDoes(int status) throws Exception {
    told.clear();
    vault.always(SIGN, Reply.of(status, "no"));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> key.sign(MESSAGE)).isInstanceOf(CustodyException.class);
    }
    timing.advance(Duration.ofSeconds(30));
    vault.heal();
    byte[] _ = key.sign(MESSAGE);
    byte[] _ = key.sign(MESSAGE);

    assertThat(lossesTold()).hasSize(3);
    assertThat(lossesTold().getFirst()).startsWith("lost: transit of ").contains("" + status);
    assertThat(lossesTold().get(1)).startsWith("still lost: ");
    assertThat(lossesTold().getLast()).isEqualTo("recovered after PT30S");
  }

  @Test
  void find_vaultIsGone_lost() {
    told.clear();
    vault.close();

    assertFault(Fault.LOST, () -> custodian.find(ROOT));

    assertThat(lossesTold()).singleElement().asString().contains("lost: ", "cannot be reached");
  }

  @Test
  void sign_noTokenIsToBeHad_lostUntilALoginIsGranted() throws Exception {
    told.clear();
    vault.forgetTokens();
    vault.always("/login", Reply.of(400, "invalid secret id"));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    timing.advance(Duration.ofMinutes(5));
    vault.heal();
    byte[] _ = key.sign(MESSAGE);

    assertThat(lossesTold()).hasSize(2);
    assertThat(lossesTold().getFirst()).startsWith("lost: ").contains("auth/approle/login");
    assertThat(lossesTold().getLast()).isEqualTo("recovered after PT5M");
  }

  // It is there: it wants fewer requests, or others.
  @ParameterizedTest
  @ValueSource(ints = {400, 403, 429})
  void sign_refusedByAVaultThatIsThere_notLost(int status) {
    told.clear();
    vault.always(SIGN, Reply.of(status, "no"));

    assertThatThrownBy(() -> key.sign(MESSAGE)).isInstanceOf(CustodyException.class);

    assertThat(lossesTold()).isEmpty();
  }

  private List<String> lossesTold() {
    return told.stream().filter(each -> !each.equals("waited")).toList();
  }

  private void assertThatSigns() {
    try {
      assertThat(key.sign(MESSAGE)).isNotEmpty();
    } catch (CustodyException e) {
      throw new AssertionError(e);
    }
  }
}
