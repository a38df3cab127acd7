package io.signet.hsm.vault;

import static io.signet.hsm.Faults.assertFault;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** VPKI-1, VPKI-2: what a real OpenBao signs, and what it says when it does not. */
final class VaultPkiOpenBaoTest {

  private static final String TRUST_DOMAIN = "spiffe://td.example";
  private static final Duration HOUR = Duration.ofHours(1);
  private static final AtomicInteger MOUNTS = new AtomicInteger();

  // RFC 5280, 4.2.1
  private static final String SUBJECT_KEY_ID = "2.5.29.14";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String AUTHORITY_KEY_ID = "2.5.29.35";
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;
  private static final int URI = 6;

  @TempDir private static Path home;
  private static Bao bao;
  private static byte[] request;

  private final ManualTiming timing = new ManualTiming();
  private String mount;
  private VaultAuth auth;
  private VaultPki pki;

  @BeforeAll
  static void start() throws Exception {
    bao = Bao.start(home);
    request = Bao.request(home, "/CN=of-the-request", "subjectAltName=DNS:evil.example");
  }

  @AfterAll
  static void stop() throws Exception {
    if (bao != null) {
      bao.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    mount = "pki-" + MOUNTS.incrementAndGet();
    bao.post("sys/mounts/" + mount, "{\"type\":\"pki\"}");
    bao.post(
        mount + "/root/generate/internal",
        "{\"common_name\":\"Corporate Root\",\"issuer_name\":\"root-a\",\"ttl\":\"500h\"}");
    allow("root");
    Path secretId = Files.writeString(home.resolve(mount), bao.enableAppRole(mount, mount));
    auth = new VaultAuth.AppRole(mount, mount, secretId);
    pki = open(mount, Optional.empty());
  }

  /** This and nothing else (VPKI-4). */
  private void allow(String signer) throws Exception {
    String rule =
        "path \\\"%s/%s/sign-intermediate\\\" { capabilities = [\\\"update\\\"] }"
            .formatted(mount, signer);
    bao.post("sys/policies/acl/" + mount, "{\"policy\":\"" + rule + "\"}");
  }

  private VaultPki open(String at, Optional<String> issuerRef) throws CustodyException {
    VaultSettings settings =
        new VaultSettings(
            List.of(bao.address()),
            at,
            Optional.empty(),
            Optional.empty(),
            auth,
            VaultSettings.DEFAULT_PERMITS,
            VaultSettings.DEFAULT_DEADLINE);
    return VaultPki.open(settings, issuerRef, timing);
  }

  @AfterEach
  void close() {
    pki.close();
  }

  private List<X509Certificate> sign(Duration ttl) throws CustodyException {
    return pki.signIntermediate(request, "td.example", TRUST_DOMAIN, ttl);
  }

  // VPKI-1: all that whoever has it signed relies on. What the request asks for does not count.
  @Test
  void signIntermediate_byRoot_asAskedAndNothingElse() throws Exception {
    List<X509Certificate> chain = sign(HOUR);

    assertThat(subjects(chain)).containsExactly("CN=td.example", "CN=Corporate Root");
    X509Certificate signed = chain.getFirst();
    signed.verify(chain.getLast().getPublicKey());
    assertThat(request).containsSequence(signed.getPublicKey().getEncoded());
    assertThat(signed.getBasicConstraints()).as("path length").isZero();
    assertThat(bits(signed.getKeyUsage())).containsExactly(KEY_CERT_SIGN, CRL_SIGN);
    assertThat(signed.getExtendedKeyUsage()).isNull();
    assertThat(signed.getSubjectAlternativeNames()).containsExactly(List.of(URI, TRUST_DOMAIN));
    assertThat(signed.getCriticalExtensionOIDs()).isEqualTo(Set.of(KEY_USAGE, BASIC_CONSTRAINTS));
    assertThat(signed.getNonCriticalExtensionOIDs())
        .isEqualTo(Set.of(SUBJECT_KEY_ID, AUTHORITY_KEY_ID, SUBJECT_ALTERNATIVE_NAME));
    assertThat(keyId(signed, AUTHORITY_KEY_ID)).isEqualTo(keyId(chain.getLast(), SUBJECT_KEY_ID));
    assertThat(ends(signed)).isBetween(soon(HOUR.minusMinutes(5)), soon(HOUR.plusSeconds(1)));
  }

  private static List<String> subjects(List<X509Certificate> chain) {
    return chain.stream().map(each -> each.getSubjectX500Principal().getName()).toList();
  }

  private static List<Integer> bits(boolean[] usage) {
    return IntStream.range(0, usage.length).filter(i -> usage[i]).boxed().toList();
  }

  /** The last 20 bytes, which is the key id of both extensions (RFC 5280, 4.2.1.2, method 1). */
  private static byte[] keyId(X509Certificate certificate, String extension) {
    byte[] value = certificate.getExtensionValue(extension);
    return Arrays.copyOfRange(value, value.length - 20, value.length);
  }

  private static Instant ends(X509Certificate certificate) {
    return certificate.getNotAfter().toInstant();
  }

  private static Instant soon(Duration later) {
    return Instant.now().plus(later);
  }

  // VPKI-1
  @Test
  void signIntermediate_byIntermediateIssuer_wholeChain() throws Exception {
    addIntermediate();
    allow("issuer/int-a");
    pki.close();
    pki = open(mount, Optional.of("int-a"));

    List<X509Certificate> chain = sign(HOUR);

    assertThat(subjects(chain))
        .containsExactly("CN=td.example", "CN=Corporate Intermediate", "CN=Corporate Root");
    chain.get(0).verify(chain.get(1).getPublicKey());
    chain.get(1).verify(chain.get(2).getPublicKey());
  }

  private void addIntermediate() throws Exception {
    String named = "\"common_name\":\"Corporate Intermediate\"";
    String made = bao.post(mount + "/issuers/generate/intermediate/internal", "{" + named + "}");
    String signed =
        bao.post(
            mount + "/root/sign-intermediate",
            "{%s,\"csr\":\"%s\",\"ttl\":\"400h\"}".formatted(named, Bao.text(made, "csr")));
    String imported =
        bao.post(
            mount + "/intermediate/set-signed",
            "{\"certificate\":\"" + Bao.text(signed, "certificate") + "\"}");
    String id = imported.replaceAll(".*\"imported_issuers\":\\[\"([^\"]+)\".*", "$1").strip();
    bao.post(mount + "/issuer/" + id, "{\"issuer_name\":\"int-a\"}");
  }

  // VPKI-2: it signs beyond its own end, so the end must be looked at.
  @Test
  void signIntermediate_longerThanTheCaLives_outlivesTheCa() throws Exception {
    List<X509Certificate> chain = sign(Duration.ofDays(25));

    assertThat(ends(chain.getFirst())).isAfter(ends(chain.getLast()));
  }

  // VPKI-2: beyond max_lease_ttl of the mount, 32 days unless it says otherwise, it cuts and signs.
  @Test
  void signIntermediate_longerThanTheMountAllows_shortened() throws Exception {
    assertThat(ends(sign(Duration.ofDays(300)).getFirst())).isBefore(soon(Duration.ofDays(33)));
  }

  // VST-1
  @Test
  void signIntermediate_noRequest_rejectedInItsWords() {
    assertFault(
            Fault.REJECTED,
            () -> pki.signIntermediate(new byte[] {5, 0}, "td.example", TRUST_DOMAIN, HOUR))
        .hasMessageContaining("certificate request could not be parsed");
  }

  // VST-1: a CA that may not have another below it.
  @Test
  void signIntermediate_caOfPathLengthZero_rejectedInItsWords() throws Exception {
    bao.ask("DELETE", mount + "/root", "");
    bao.post(
        mount + "/root/generate/internal", "{\"common_name\":\"Tight\",\"max_path_length\":0}");

    assertFault(Fault.REJECTED, () -> sign(HOUR)).hasMessageContaining("path length of zero");
  }

  // VST-2, VAUTH-5
  @Test
  void signIntermediate_policyForbids_deniedNamingPathAndCapability() throws Exception {
    allow("issuer/other");

    assertFault(Fault.DENIED, () -> sign(HOUR))
        .hasMessageContaining(mount + "/root/sign-intermediate")
        .hasMessageContaining("`update`");
  }

  // VAUTH-5
  @Test
  void signIntermediate_tokenRevoked_newLoginAndSigned() throws Exception {
    bao.post("sys/leases/revoke-prefix/auth/" + mount, "{}");

    assertThat(sign(HOUR)).hasSize(2);
  }

  // VST-3
  @Test
  void signIntermediate_mountMissing_rejectedNamingBothCauses() throws Exception {
    auth = new VaultAuth.Token(Files.writeString(home.resolve("root"), bao.rootToken()));
    pki.close();
    pki = open("nowhere", Optional.empty());

    assertFault(Fault.REJECTED, () -> sign(HOUR))
        .hasMessageContaining("no such path, or hidden by policy");
  }

  // OpenBao answers 500 to these, which another try does not change.
  @Test
  void signIntermediate_issuerMissing_rejected() throws Exception {
    allow("issuer/nobody");
    pki.close();
    pki = open(mount, Optional.of("nobody"));
    assertFault(Fault.REJECTED, () -> sign(HOUR)).hasMessageContaining("nobody");

    allow("root");
    bao.ask("DELETE", mount + "/root", "");
    pki.close();
    pki = open(mount, Optional.empty());
    assertFault(Fault.REJECTED, () -> sign(HOUR)).hasMessageContaining("no default issuer");
  }

  // VST-9, VAUTH-6
  @Test
  void signIntermediate_sealedAndUnsealed_busyAndThenSigned() throws Exception {
    bao.seal();
    assertFault(Fault.BUSY, () -> sign(HOUR)).hasMessageContaining("unseal");

    bao.unseal();

    assertThat(sign(HOUR)).hasSize(2);
  }
}
