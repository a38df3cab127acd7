package io.signet.ca.ceremony;

import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.signing.CaRequest;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the key of an offline root does is shown, agreed to and written down before it is done. */
class CeremonyTest {

  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final List<String> shown = new ArrayList<>();
  private boolean agreed = true;
  private int transcripts;
  private byte[] request = new byte[0];
  private PublicKey asked = KEY;

  @BeforeEach
  void ask() throws Exception {
    KeyHandle key = new FakeKeyCustodian().generate(new KeyLabel("ca"), KeyAlgorithm.EC_P256);
    asked = key.publicKey();
    request =
        CaRequest.signed(
            CertificateProfile.intermediate(DOMAIN, key.publicKey(), NOW, NOW.plus(YEAR)), key);
  }

  @Test
  void makeRoot_agreed_rootAndTranscript() throws Exception {
    X509Certificate root = makeRoot();

    assertThat(root.getNotAfter().toInstant()).isEqualTo(NOW.plus(YEAR.multipliedBy(10)));
    assertThat(KeyAlgorithm.of(root.getPublicKey())).hasValue(KeyAlgorithm.EC_P384);
    assertThat(custodian.find(root.getPublicKey())).isPresent();
    assertThat(shown.getFirst())
        .contains("Make a root", "trust domain   example.org", "ec-p384, a new one, as root-")
        .contains("to 2036-11-20T12:00:00Z");
    assertThat(transcript())
        .contains(shown.getFirst().strip(), "It was agreed to.", "Has signed: serial number ")
        .contains(Pem.encode(List.of(root)).strip());
  }

  @Test
  void sign_agreed_caThatMaySignIssuingAuthorities() throws Exception {
    X509Certificate root = makeRoot();

    X509Certificate signed = sign(root, 1, YEAR);

    signed.verify(root.getPublicKey());
    assertThat(signed.getPublicKey()).isEqualTo(asked);
    assertThat(signed.getBasicConstraints()).isEqualTo(1);
    assertThat(signed.getNotAfter().toInstant()).isEqualTo(NOW.plus(YEAR));
    assertThat(shown.getLast())
        .contains("Sign a CA", "ec-p256 " + sha256(asked.getEncoded()))
        .contains("CAs below it that sign leaves")
        .contains("of key         ec-p384 " + sha256(root.getPublicKey().getEncoded()));
  }

  @Test
  void sign_pathLengthZero_caThatSignsLeavesOnly() throws Exception {
    assertThat(sign(makeRoot(), 0, YEAR).getBasicConstraints()).isZero();
    assertThat(shown.getLast()).contains("leaves below it, and no CA");
  }

  // ISS-2: whoever reads the transcript knows of every signature that there may be.
  @Test
  void sign_keyFails_theIntentIsInTheTranscript() throws Exception {
    X509Certificate root = makeRoot();
    custodian.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertThatThrownBy(() -> sign(root, 1, YEAR)).isInstanceOf(CustodyException.class);

    assertThat(transcript())
        .contains("Is about to sign: serial number ")
        .doesNotContain("Has signed");
  }

  @Test
  void sign_notAgreed_nothingSignedAndThatIsWrittenDown() throws Exception {
    X509Certificate root = makeRoot();
    agreed = false;
    int signatures = custodian.signatures();

    assertThatThrownBy(() -> sign(root, 1, YEAR))
        .isInstanceOf(CeremonyException.class)
        .hasMessage("not agreed to; nothing was made or signed");

    assertThat(custodian.signatures()).isEqualTo(signatures);
    assertThat(transcript()).contains("It was not agreed to").doesNotContain("Is about to sign");
  }

  @Test
  void makeRoot_notAgreed_noKeyIsMade() throws Exception {
    agreed = false;
    custodian.failNextGenerate(new CustodyException(Fault.REJECTED, "a key was made"));

    assertThatThrownBy(this::makeRoot).isInstanceOf(CeremonyException.class);
  }

  @Test
  void sign_beyondTheRootsEnd_refusedAndNothingShown() throws Exception {
    X509Certificate root = makeRoot();

    assertThatThrownBy(() -> sign(root, 1, YEAR.multipliedBy(11)))
        .isInstanceOf(CeremonyException.class)
        .hasMessageContaining("ceremony.lifetime: it would end at 2037-")
        .hasMessageContaining("expected: at 2036-11-20T12:00:00Z at the latest");
    assertThat(shown).hasSize(1);
  }

  @Test
  void sign_rootOfAnotherCustodian_refused() throws Exception {
    X509Certificate other = ForeignCa.root("Other Root").certificate();

    assertThatThrownBy(() -> sign(other, 1, YEAR))
        .isInstanceOf(CeremonyException.class)
        .hasMessageContaining("the custodian does not hold the key of \"CN=Other Root\"");
  }

  // The summary names the trust domain; a root of another would sign for both.
  @Test
  void sign_rootOfAnotherTrustDomain_refused() throws Exception {
    X509Certificate other =
        ForeignCa.root(Shape.named("Other Root").uri("spiffe://other.org")).certificate();

    assertThatThrownBy(() -> sign(other, 1, YEAR))
        .isInstanceOf(CeremonyException.class)
        .hasMessageContaining("the root: \"CN=Other Root\": it is of spiffe://other.org");
  }

  @Test
  void sign_noRoot_refused() throws Exception {
    X509Certificate ca = ForeignCa.root("root").below(Shape.named("ca")).certificate();

    assertThatThrownBy(() -> sign(ca, 1, YEAR))
        .isInstanceOf(CeremonyException.class)
        .hasMessageContaining("\"CN=ca\" was signed by \"CN=root\" (expected: a root");
  }

  // Proof of possession: nobody gets a CA for a key of somebody else.
  @Test
  void sign_requestOfAnotherKey_refused() throws Exception {
    X509Certificate root = makeRoot();
    request[request.length - 8] ^= 1;

    assertThatThrownBy(() -> sign(root, 1, YEAR))
        .isInstanceOf(CeremonyException.class)
        .hasMessageContaining("the request: ");
    assertThat(shown).hasSize(1);
  }

  @Test
  void begin_transcriptThere_refused() throws Exception {
    Path there = Files.writeString(folder.resolve("there"), "of another ceremony");

    assertThatThrownBy(() -> Transcript.begin(there, clock))
        .isInstanceOf(IOException.class)
        .hasMessage(there + ": exists (expected: a new file for each ceremony)");
    assertThat(there).hasContent("of another ceremony");
  }

  @Test
  void serialNumbers_eachAnother() throws Exception {
    X509Certificate root = makeRoot();

    assertThat(SerialNumber.of(sign(root, 1, YEAR)))
        .isNotEqualTo(SerialNumber.of(sign(root, 1, YEAR)));
  }

  private X509Certificate makeRoot() throws Exception {
    try (Transcript transcript = begin()) {
      return ceremony(transcript).makeRoot(KeyAlgorithm.EC_P384, YEAR.multipliedBy(10));
    }
  }

  private X509Certificate sign(X509Certificate root, int below, Duration lifetime)
      throws Exception {
    try (Transcript transcript = begin()) {
      return ceremony(transcript).sign(root, request, below, lifetime);
    }
  }

  private Ceremony ceremony(Transcript transcript) {
    return new Ceremony(
        DOMAIN,
        custodian,
        transcript,
        summary -> {
          shown.add(summary);
          return agreed;
        },
        clock);
  }

  private Transcript begin() throws IOException {
    return Transcript.begin(folder.resolve("transcript-" + ++transcripts), clock);
  }

  private String transcript() throws IOException {
    return Files.readString(folder.resolve("transcript-" + transcripts));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
