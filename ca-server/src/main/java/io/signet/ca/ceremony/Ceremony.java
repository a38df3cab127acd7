package io.signet.ca.ceremony;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.CaChain;
import io.signet.ca.authority.FreshLabel;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.Draft;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.TrustDomain;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;

/**
 * What the key of an offline root does: it is made, and it signs CAs. Nothing happens before
 * somebody has read what it will be and has agreed, and all of it stands in the transcript. For one
 * thread.
 */
public final class Ceremony {

  /** Those who hold the ceremony. */
  public interface Participants {

    /** Shows them what is about to be done; whether they agree. */
    boolean agreeTo(String summary);
  }

  private static final int PREFIXES = 127;

  private final TrustDomain domain;
  private final KeyCustodian custodian;
  private final Transcript transcript;
  private final Participants participants;
  private final Clock clock;
  private final CertificateSigner signer;

  /**
   * @param custodian keeps the root's key
   */
  public Ceremony(
      TrustDomain domain,
      KeyCustodian custodian,
      Transcript transcript,
      Participants participants,
      Clock clock) {
    this.domain = domain;
    this.custodian = custodian;
    this.transcript = transcript;
    this.participants = participants;
    this.clock = clock;
    SecureRandom random = new SecureRandom();
    int prefix = 1 + random.nextInt(PREFIXES);
    this.signer =
        new CertificateSigner(
            transcript, () -> SerialNumber.draw(prefix, clock.instant(), random), clock);
  }

  /** Makes the root: a new key, and the certificate that it signs for itself. */
  public X509Certificate makeRoot(KeyAlgorithm algorithm, Duration lifetime)
      throws CeremonyException, CustodyException, LedgerException, SelfCheckException {
    Instant now = now();
    KeyLabel label = FreshLabel.of("root", clock);
    agree(
        """
        Make a root
          trust domain   %s
          key            %s, a new one, as %s
          valid          from %s to %s
        """
            .formatted(domain, algorithm, label, begin(now), now.plus(lifetime)));
    KeyHandle key = custodian.generate(label, algorithm);
    CertificateTemplate template =
        CertificateProfile.root(domain, key.publicKey(), now, now.plus(lifetime));
    return signed(signer.prepareRoot(template, key));
  }

  /**
   * Signs a CA below the root.
   *
   * @param request PKCS#10, of which the key is taken and nothing else
   * @param below how many CAs there may be below it, 0 or 1
   */
  public X509Certificate sign(X509Certificate root, byte[] request, int below, Duration lifetime)
      throws CeremonyException, CustodyException, LedgerException, SelfCheckException {
    PublicKey key = keyOf(request);
    Authority by = authority(root);
    Instant now = now();
    Instant end = now.plus(lifetime);
    if (end.isAfter(by.notAfter())) {
      throw new CeremonyException(
          "ceremony.lifetime: it would end at %s (expected: at %s at the latest, as the root)"
              .formatted(end, by.notAfter()));
    }
    Draft draft =
        below == 0
            ? signer.prepare(
                CertificateProfile.ISSUING, CertificateProfile.issuing(domain, key, now, end), by)
            : signer.prepare(
                CertificateProfile.INTERMEDIATE,
                CertificateProfile.intermediate(domain, key, now, end),
                by);
    agree(summary(root, key, below, now, end));
    return signed(draft);
  }

  private String summary(X509Certificate root, PublicKey key, int below, Instant now, Instant end) {
    return """
    Sign a CA
      trust domain   %s
      its key        %s %s
      may have       %s
      valid          from %s to %s
      by the root    %s
      of key         %s %s
      until          %s
    """
        .formatted(
            domain,
            kind(key),
            fingerprint(key.getEncoded()),
            below == 0 ? "leaves below it, and no CA" : "CAs below it that sign leaves",
            begin(now),
            end,
            root.getSubjectX500Principal(),
            kind(root.getPublicKey()),
            fingerprint(root.getPublicKey().getEncoded()),
            root.getNotAfter().toInstant());
  }

  private static PublicKey keyOf(byte[] request) throws CeremonyException {
    try {
      return CsrParser.key(request);
    } catch (CsrException e) {
      throw new CeremonyException("the request: " + e.getMessage(), e);
    }
  }

  private Authority authority(X509Certificate root) throws CeremonyException, CustodyException {
    try {
      CaChain.requireRoot(root, domain, clock.instant());
    } catch (AuthorityException e) {
      throw new CeremonyException("the root: " + e.getMessage(), e);
    }
    KeyHandle key =
        custodian
            .find(root.getPublicKey())
            .orElseThrow(() ->
                new CeremonyException(
                    "the custodian does not hold the key of \"%s\" (expected: the one that made it)"
                        .formatted(root.getSubjectX500Principal())));
    return new Authority(key, root);
  }

  private void agree(String summary) throws CeremonyException, LedgerException {
    transcript.add(summary);
    if (!participants.agreeTo(summary)) {
      transcript.add("It was not agreed to; nothing was made or signed.");
      throw new CeremonyException("not agreed to; nothing was made or signed");
    }
    transcript.add("It was agreed to.");
  }

  private X509Certificate signed(Draft draft)
      throws CustodyException, LedgerException, SelfCheckException {
    X509Certificate certificate = signer.sign(signer.intend(draft, "a ceremony"));
    signer.record(certificate);
    transcript.add("The certificate:\n" + Pem.encode(List.of(certificate)));
    return certificate;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }

  private static Instant begin(Instant now) {
    return now.minus(CertificateProfile.BACKDATE);
  }

  private static String kind(PublicKey key) {
    return KeyAlgorithm.of(key).map(KeyAlgorithm::toString).orElseGet(key::getAlgorithm);
  }

  /** SHA-256, as {@code openssl pkey -pubin -outform DER | sha256sum} prints it. */
  private static String fingerprint(byte[] der) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
