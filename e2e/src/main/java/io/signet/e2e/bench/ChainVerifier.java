package io.signet.e2e.bench;

import io.signet.spiffe.Pem;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** Holds answers against the CA file and what was asked for, by the JDK's own path validation. */
final class ChainVerifier {

  private static final int URI = 6;

  private final Set<TrustAnchor> anchors;
  private final SpiffeId identity;

  private ChainVerifier(Set<TrustAnchor> anchors, SpiffeId identity) {
    this.anchors = anchors;
    this.identity = identity;
  }

  static ChainVerifier of(Path caFile, SpiffeId identity) throws IOException {
    Set<TrustAnchor> anchors =
        Pem.certificates(Files.readString(caFile)).stream()
            .map(root -> new TrustAnchor(root, null))
            .collect(Collectors.toUnmodifiableSet());
    return new ChainVerifier(anchors, identity);
  }

  /**
   * @throws BenchException if this is not the chain of a certificate as asked for
   */
  void verify(CertificateClient.Sample answer) throws BenchException {
    List<X509Certificate> chain =
        answer.chain().stream().map(Pem::certificates).flatMap(List::stream).toList();
    try {
      requireKey(chain.getFirst(), answer.csr());
    } catch (IOException e) {
      throw new BenchException("a certificate does not verify: " + e.getMessage(), e);
    }
    verify(chain);
  }

  /**
   * @throws BenchException if the chain does not hold or names somebody else
   */
  void verify(List<X509Certificate> chain) throws BenchException {
    try {
      requirePath(chain);
      requireName(chain.getFirst());
    } catch (GeneralSecurityException e) {
      throw new BenchException("a certificate does not verify: " + e.getMessage(), e);
    }
  }

  private void requirePath(List<X509Certificate> chain) throws GeneralSecurityException {
    PKIXParameters parameters = new PKIXParameters(anchors);
    parameters.setDate(atMostNow(chain.getFirst().getNotAfter().toInstant()));
    parameters.setRevocationEnabled(false);
    List<X509Certificate> path = chain.stream().filter(c -> !isRoot(c)).toList();
    var _ =
        CertPathValidator.getInstance("PKIX")
            .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
  }

  // One that lived for a minute has ended when it is looked at; then its last moment counts.
  private static Date atMostNow(Instant end) {
    Instant now = InstantSource.system().instant();
    return Date.from(end.isBefore(now) ? end : now);
  }

  private static boolean isRoot(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }

  private static void requireKey(X509Certificate leaf, String csr)
      throws BenchException, IOException {
    byte[] asked =
        new PKCS10CertificationRequest(Pem.decode("CERTIFICATE REQUEST", csr))
            .getSubjectPublicKeyInfo()
            .getEncoded();
    if (!Arrays.equals(asked, leaf.getPublicKey().getEncoded())) {
      throw new BenchException("a certificate holds another key than was asked for");
    }
  }

  private void requireName(X509Certificate leaf)
      throws BenchException, CertificateParsingException {
    String names = String.valueOf(leaf.getSubjectAlternativeNames());
    if (!names.equals("[[%d, %s]]".formatted(URI, identity))) {
      throw new BenchException("a certificate names %s (expected: %s)".formatted(names, identity));
    }
  }
}
