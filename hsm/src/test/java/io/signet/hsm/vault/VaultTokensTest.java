package io.signet.hsm.vault;

import static io.signet.hsm.Faults.assertFault;
import static java.lang.Thread.State.TERMINATED;
import static java.lang.Thread.State.TIMED_WAITING;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.vault.FakeVault.Reply;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the custodian comes to its token and keeps it (key-custody, section 5). */
final class VaultTokensTest {

  private static final KeyLabel ROOT = new KeyLabel("root-1");
  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final int THREADS = 16;

  @TempDir private Path home;
  private final ManualTiming timing = new ManualTiming();
  private FakeVault vault;

  @SuppressWarnings("NullAway.Init") // by each test
  private VaultKeyCustodian custodian;

  @SuppressWarnings("NullAway.Init")
  private KeyHandle key;

  @BeforeEach
  void start() throws Exception {
    vault = new FakeVault();
  }

  @AfterEach
  void close() {
    if (custodian != null) {
      custodian.close();
    }
    vault.close();
  }

  private void open(VaultAuth auth) throws CustodyException {
    open(auth, VaultSettings.DEFAULT_DEADLINE);
  }

  private void open(VaultAuth auth, Duration deadline) throws CustodyException {
    VaultSettings settings =
        new VaultSettings(
            List.of(vault.address()),
            "transit",
            Optional.empty(),
            Optional.empty(),
            auth,
            VaultSettings.DEFAULT_PERMITS,
            deadline);
    custodian = VaultKeyCustodian.open(settings, CustodianListener.NONE, timing);
    Optional<KeyHandle> there = custodian.find(ROOT);
    key = there.isPresent() ? there.get() : custodian.generate(ROOT, KeyAlgorithm.EC_P256);
  }

  private VaultAuth appRole() throws Exception {
    return new VaultAuth.AppRole("approle", "signet", file("secret-id", "the-secret-id\n"));
  }

  private VaultAuth token(String token) throws Exception {
    vault.believe(token);
    return new VaultAuth.Token(file("token", token));
  }

  private Path file(String name, String text) throws Exception {
    return Files.writeString(home.resolve(name), text);
  }

  private int logins() {
    return vault.requests("/login").size();
  }

  private int renewals() {
    return vault.requests("renew-self").size();
  }

  // VAUTH-2
  @Test
  void open_appRole_showsRoleAndSecret() throws Exception {
    open(appRole());

    assertThat(vault.requests("auth/approle/login").getFirst().body())
        .contains("\"role_id\":\"signet\"")
        .contains("\"secret_id\":\"the-secret-id\"");
  }

  // KC-8: what is left of the token's life can be watched.
  @Test
  void status_leaseOfAnHour_endsWithItAndLaterWhenRenewed() throws Exception {
    open(appRole());
    Instant begin = timing.now();
    assertThat(custodian.status().leaseEnds()).hasValue(begin.plusSeconds(3600));

    timing.advance(Duration.ofMinutes(40));
    custodian.runDue();

    assertThat(custodian.status().leaseEnds())
        .hasValue(begin.plus(Duration.ofMinutes(40)).plusSeconds(3600));
  }

  @Test
  void status_leaseWithoutEnd_neverEnds() throws Exception {
    vault.leaseSeconds = 0;

    open(appRole());

    assertThat(custodian.status().leaseEnds()).hasValue(Instant.MAX);
  }

  // VAUTH-1
  @Test
  void login_kubernetes_readsTheTokenAnewEachTime() throws Exception {
    open(new VaultAuth.Kubernetes("k8s/east", "signet", file("jwt", "first.jwt.token")));
    Path _ = file("jwt", "second.jwt.token");
    vault.forgetTokens();

    byte[] _ = key.sign(MESSAGE);

    List<FakeVault.Request> logins = vault.requests("auth/k8s/east/login");
    assertThat(logins.getFirst().body()).contains("first.jwt.token").contains("signet");
    assertThat(logins.getLast().body()).contains("second.jwt.token");
  }

  // VAUTH-3: somebody else replaces it.
  @Test
  void sign_tokenFileReplaced_newTokenIsUsed() throws Exception {
    open(token("s.first"));
    vault.forgetTokens();
    VaultAuth _ = token("s.second");

    byte[] _ = key.sign(MESSAGE);

    assertThat(vault.requests("/sign/").getLast().token()).isEqualTo("s.second");
  }

  // VAUTH-4
  @Test
  void runDue_twoThirdsOfTheLife_renewed() throws Exception {
    open(appRole());

    timing.advance(Duration.ofMinutes(35));
    custodian.runDue();
    assertThat(renewals()).isZero();

    timing.advance(Duration.ofMinutes(5));
    custodian.runDue();
    custodian.runDue();
    assertThat(renewals()).isEqualTo(1);
    assertThat(logins()).isEqualTo(1);
    assertThat(vault.requests("renew-self").getFirst().body()).contains("\"increment\":\"3600s\"");
  }

  // VAUTH-4, CT-7: renewals become short when the maximum is near.
  @Test
  void runDue_maximumNear_newLoginBeforeItEnds() throws Exception {
    open(appRole());
    vault.renewalSeconds = 600;
    timing.advance(Duration.ofMinutes(40));
    custodian.runDue();
    assertThat(renewals()).isEqualTo(1);

    timing.advance(Duration.ofSeconds(400));
    custodian.runDue();

    assertThat(renewals()).isEqualTo(1);
    assertThat(logins()).isEqualTo(2);
    byte[] _ = key.sign(MESSAGE);
    assertThat(vault.requests("/sign/").getLast().token())
        .isNotEqualTo(vault.requests("renew-self").getFirst().token());
  }

  // VAUTH-4
  @Test
  void runDue_notRenewable_newLogin() throws Exception {
    vault.renewable = false;
    open(appRole());

    timing.advance(Duration.ofMinutes(40));
    custodian.runDue();

    assertThat(renewals()).isZero();
    assertThat(logins()).isEqualTo(2);
  }

  // VAUTH-4: tried until the token ends, and then a login is.
  @Test
  void runDue_renewalFails_triedAgainAndThenLogin() throws Exception {
    open(appRole());
    vault.always("renew-self", Reply.of(503, "Vault is sealed"));
    timing.advance(Duration.ofMinutes(40));
    custodian.runDue();
    custodian.runDue();
    assertThat(renewals()).isEqualTo(1);

    timing.advance(Duration.ofSeconds(5));
    custodian.runDue();
    assertThat(renewals()).isEqualTo(2);
    assertThat(logins()).isEqualTo(1);

    timing.advance(Duration.ofMinutes(20));
    custodian.runDue();
    assertThat(logins()).isEqualTo(2);
  }

  // VAUTH-3
  @Test
  void runDue_tokenForEver_nothingToDo() throws Exception {
    vault.leaseSeconds = 0;
    open(token("s.root"));

    timing.advance(Duration.ofDays(400));
    custodian.runDue();

    assertThat(vault.requests("auth/")).hasSize(1);
    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // CT-7: expired while nobody looked; one login for all (VAUTH-5).
  @Test
  void sign_tokenExpired_oneLoginForAllThreads() throws Exception {
    open(appRole());
    timing.advance(Duration.ofHours(2));
    vault.forgetTokens();

    assertThat(signaturesAtOnce()).hasSize(THREADS);

    assertThat(logins()).isEqualTo(2);
  }

  // CT-7, VAUTH-5: revoked under load.
  @Test
  void sign_tokenRevoked_oneLoginForAllThreads() throws Exception {
    open(appRole());
    vault.forgetTokens();

    assertThat(signaturesAtOnce()).hasSize(THREADS);

    assertThat(logins()).isEqualTo(2);
  }

  private List<byte[]> signaturesAtOnce() throws Exception {
    List<byte[]> signatures = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<byte[]>> work = Collections.nCopies(THREADS, () -> key.sign(MESSAGE));
      for (Future<byte[]> done : threads.invokeAll(work)) {
        signatures.add(done.get());
      }
    }
    return signatures;
  }

  // CT-6: one attempt; Vault says 400 to a wrong secret id.
  @Test
  void open_secretRefused_deniedAfterOneAttempt() throws Exception {
    vault.always("/login", Reply.of(400, "invalid role or secret ID"));
    VaultAuth auth = appRole();

    assertFault(Fault.DENIED, () -> open(auth)).hasMessageContaining("invalid role or secret ID");

    assertThat(logins()).isEqualTo(1);
  }

  @Test
  void open_secretFileMissing_deniedWithoutAsking() {
    Path missing = home.resolve("nothing");

    assertFault(Fault.DENIED, () -> open(new VaultAuth.AppRole("approle", "signet", missing)))
        .hasMessageContaining(missing.toString());
    assertFault(Fault.DENIED, () -> open(new VaultAuth.Token(missing)))
        .hasMessageContaining(missing.toString());

    assertThat(vault.requests("auth/")).isEmpty();
  }

  // VAUTH-5, VAUTH-6: refused logins are rare, and never given up.
  @Test
  void sign_loginsRefused_failFastWithGrowingPausesAndGoOn() throws Exception {
    open(appRole());
    vault.forgetTokens();
    vault.always("/login", Reply.of(403, "permission denied"));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE)).hasMessageContaining("no login before");
    assertThat(logins()).isEqualTo(2);

    timing.advance(Duration.ofSeconds(3));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    assertThat(logins()).isEqualTo(3);
    timing.advance(Duration.ofSeconds(3));
    assertFault(Fault.DENIED, () -> key.sign(MESSAGE));
    assertThat(logins()).isEqualTo(3);

    vault.heal();
    timing.advance(Duration.ofMinutes(5));
    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // A login that nobody answers says so, and not that the secret is wrong.
  @Test
  void sign_loginUnanswered_faultOfTheNode() throws Exception {
    open(appRole());
    vault.forgetTokens();
    vault.always("/login", Reply.of(503, "Vault is sealed"));

    assertFault(Fault.BUSY, () -> key.sign(MESSAGE)).hasMessageContaining("sealed");
  }

  @Test
  void close_ownToken_revokedAndGivenOneNot() throws Exception {
    open(appRole());
    custodian.close();
    assertThat(vault.requests("revoke-self")).hasSize(1);

    open(token("s.of-others"));
    custodian.close();
    assertThat(vault.requests("revoke-self")).hasSize(1);
  }

  // Not in the time of the caller who gets the next one.
  @Test
  void runDue_tokenReplacedAfterRefusal_ended() throws Exception {
    open(appRole());
    String refused = vault.requests("/sign/").getLast().token();
    vault.once("/sign/", Reply.of(403, "permission denied"));
    byte[] _ = key.sign(MESSAGE);
    assertThat(ended()).isEmpty();

    custodian.runDue();
    custodian.runDue();

    assertThat(ended()).containsExactly(refused);
    byte[] _ = key.sign(MESSAGE);
    assertThat(logins()).isEqualTo(2);
  }

  // Calls that have the old one get through before it is ended.
  @Test
  void runDue_tokenReplacedInTime_endedAtTheNextLook() throws Exception {
    vault.renewable = false;
    open(appRole());
    String first = vault.requests("/sign/").getLast().token();
    timing.advance(Duration.ofMinutes(40));
    custodian.runDue();
    assertThat(ended()).isEmpty();

    custodian.runDue();

    assertThat(ended()).containsExactly(first);
  }

  // It belongs to others.
  @Test
  void runDue_tokenOfAFileReplaced_notEnded() throws Exception {
    open(token("s.first"));
    vault.once("/sign/", Reply.of(403, "permission denied"));
    byte[] _ = key.sign(MESSAGE);

    custodian.runDue();

    assertThat(ended()).isEmpty();
  }

  @Test
  void runDue_replacedTokenCannotBeEnded_goesOn() throws Exception {
    open(appRole());
    vault.once("/sign/", Reply.of(403, "permission denied"));
    byte[] _ = key.sign(MESSAGE);
    vault.once("revoke-self", Reply.of(503, "Vault is sealed"));

    custodian.runDue();
    custodian.runDue();

    assertThat(ended()).hasSize(1);
    assertThat(key.sign(MESSAGE)).isNotEmpty();
  }

  // It makes a token too.
  @Test
  void close_loginUnderWay_everyTokenEnded() throws Exception {
    open(appRole());
    vault.once("/sign/", Reply.of(403, "permission denied"));
    vault.hold("/login");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<byte[]> signing = threads.submit(() -> key.sign(MESSAGE));
      Waits.until(() -> logins() == 2);
      Thread closing = Thread.ofPlatform().start(custodian::close);
      Waits.until(() -> EnumSet.of(TIMED_WAITING, TERMINATED).contains(closing.getState()));
      vault.release("/login");
      closing.join();
      Waits.until(signing::isDone); // made in time or not
    }

    assertThat(ended()).hasSize(2);
    assertThat(vault.tokens()).isEmpty();
  }

  // For ever would be too long; its token then ends by itself.
  @Test
  void close_loginHangs_closedAllTheSame() throws Exception {
    open(appRole(), Duration.ofSeconds(1));
    vault.forgetTokens();
    vault.hold("/login");
    assertFault(Fault.LOST, () -> key.sign(MESSAGE));

    custodian.close();

    assertFault(Fault.LOST, () -> key.sign(MESSAGE)).hasMessageContaining("closed");
  }

  private List<String> ended() {
    return vault.requests("revoke-self").stream().map(FakeVault.Request::token).toList();
  }

  // CT-8, KC-8: also when the server repeats them in its errors.
  @Test
  void anyCall_mostVerboseLog_noSecrets() throws Exception {
    List<String> printed = new ArrayList<>();
    try (CapturedLog log = new CapturedLog()) {
      VaultAuth auth = appRole();
      open(auth);
      String token = vault.requests("/sign/").getLast().token();
      vault.always("/sign/", Reply.of(400, "x".repeat(290) + " " + token));
      note(printed, () -> key.sign(MESSAGE));
      vault.always("/login", Reply.of(400, "wrong secret the-secret-id"));
      vault.always("/sign/", Reply.of(403, "no " + token));
      note(printed, () -> key.sign(MESSAGE));
      vault.always("renew-self", Reply.of(400, "not " + token));
      timing.advance(Duration.ofMinutes(40));
      custodian.runDue();
      printed.add(custodian + " " + key + " " + auth + " " + new Secret(token));
      printed.addAll(log.lines());
      assertThat(String.join("\n", printed))
          .contains("login failed")
          .doesNotContain(token.substring(0, 8))
          .doesNotContain("the-secret-id");
    }
  }

  private static void note(List<String> printed, ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfies(e -> {
          StringWriter text = new StringWriter();
          e.printStackTrace(new PrintWriter(text));
          printed.add(text.toString());
        });
  }
}
