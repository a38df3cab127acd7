package io.signet.attestation.x509;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestor;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.ClientCertificate;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.security.cert.CertPathValidatorException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;

/**
 * Proves whoever holds the key of an SVID of ours, so that a workload whose token is gone renews
 * with the certificate that it has (ISTIO-44). The handshake has proven the key; here the
 * certificate is judged: the rules of X509-SVID for leaf and issuers, path validation up to a root
 * of the current bundle, and all times. That happens at each call and not at the handshake, so on a
 * connection that stays open the identity ends with its certificate.
 *
 * <p>Safe for use by many threads; does not block.
 */
public final class ClientCertificateAttestor implements Attestor {

  // Of ours: the leaf, its issuing authority, and the roots, of which a rotation has two.
  private static final int LONGEST_CHAIN = 8;

  private final Supplier<TrustBundle> bundle;
  private final SpiffeId server;
  private final Distrust distrust;
  private final Clock clock;

  /**
   * What was found of a certificate, by the object that the TLS session holds: a sidecar asks again
   * and again over one connection, and an entry goes with the connection.
   */
  private final Cache<X509Certificate, Vouched> vouched =
      CacheBuilder.newBuilder().weakKeys().build();

  /**
   * @param bundle whom to trust now
   * @param server the server's own identity: its certificate proves no caller, for the server calls
   *     nobody and renews its certificate by itself
   * @param distrust what counts no more though it is valid; asked at each call
   */
  public ClientCertificateAttestor(
      Supplier<TrustBundle> bundle, SpiffeId server, Distrust distrust, Clock clock) {
    this.bundle = bundle;
    this.server = server;
    this.distrust = distrust;
    this.clock = clock;
  }

  @Override
  public String name() {
    return "client-certificate";
  }

  @Override
  public Attestation attest(Evidence evidence) {
    if (!(evidence instanceof ClientCertificate(var chain))) {
      return Attestation.missing("not a client certificate");
    }
    try {
      return new Proven(proof(chain));
    } catch (CertPathValidatorException e) {
      return Attestation.invalid("certificate: " + reason(e));
    } catch (RuntimeException e) {
      // Whatever a parser throws at a certificate, the certificate is at fault.
      return Attestation.invalid(String.valueOf(e.getMessage()));
    }
  }

  private HeldSvid proof(List<X509Certificate> chain) throws CertPathValidatorException {
    X509Certificate leaf = chain.getFirst();
    TrustBundle trusted = bundle.get();
    Instant now = clock.instant();
    List<X509Certificate> path = upToRoot(chain, trusted);
    requireTrust(path);
    Vouched known = vouched.getIfPresent(leaf);
    if (known != null && known.holds(trusted, now)) {
      return known.proof();
    }
    Vouched judged = judged(path, trusted, now);
    vouched.put(leaf, judged);
    return judged.proof();
  }

  private void requireTrust(List<X509Certificate> path) {
    Optional<String> reason = distrust.of(path);
    if (reason.isPresent()) {
      throw new IllegalArgumentException("certificate: " + reason.get());
    }
  }

  private Vouched judged(List<X509Certificate> path, TrustBundle trusted, Instant now)
      throws CertPathValidatorException {
    X509Svid svid = X509Svid.of(path);
    if (svid.id().equals(server)) {
      throw refused(svid.id() + ", the server itself", "a workload");
    }
    if (now.isAfter(svid.expiresAt())) {
      throw refused("expired at " + svid.expiresAt(), "valid at " + now);
    }
    svid.verify(trusted, now);
    return Vouched.by(trusted, svid, now);
  }

  /**
   * What leads from the leaf to a root. More may follow (RFC 8446, section 4.4.2): Istio's agent
   * shows all that it was given, which ends in the roots, one of them perhaps no longer trusted
   * (ISTIO-21). Only names are compared here, so that a foreign chain costs no signature.
   */
  private static List<X509Certificate> upToRoot(List<X509Certificate> chain, TrustBundle trusted) {
    if (chain.size() > LONGEST_CHAIN) {
      throw refused(chain.size() + " certificates", "at most " + LONGEST_CHAIN);
    }
    Set<X500Principal> roots =
        trusted.authorities().stream()
            .map(X509Certificate::getSubjectX500Principal)
            .collect(Collectors.toSet());
    for (int i = 0; i < chain.size(); i++) {
      if (roots.contains(chain.get(i).getIssuerX500Principal())) {
        return chain.subList(0, i + 1);
      }
    }
    throw refused("signed by \"%s\"".formatted(chain.getLast().getIssuerX500Principal()), "by us");
  }

  // The JDK says that a time is not met; only the cause says which.
  private static String reason(CertPathValidatorException e) {
    Throwable cause = e.getCause();
    return String.valueOf(
        cause == null ? e.getMessage() : e.getMessage() + ": " + cause.getMessage());
  }

  private static IllegalArgumentException refused(String found, String expected) {
    return new IllegalArgumentException(
        "certificate: %s (expected: %s)".formatted(found, expected));
  }

  /**
   * A proof whose signatures were verified, and how long that is known to hold: while the bundle is
   * the same, time has not gone back, and nothing has expired that may have taken part in it.
   */
  private record Vouched(HeldSvid proof, long sequence, Instant from, Instant until) {

    static Vouched by(TrustBundle trusted, X509Svid svid, Instant now) {
      var proof = new HeldSvid(svid.id(), Optional.of(svid.expiresAt()), svid.serial());
      Stream<Instant> roots = ends(trusted.authorities()).filter(end -> !end.isBefore(now));
      Instant until =
          Stream.concat(ends(svid.chain()), roots).min(Instant::compareTo).orElseThrow();
      return new Vouched(proof, trusted.sequence(), now, until);
    }

    private static Stream<Instant> ends(List<X509Certificate> certificates) {
      return certificates.stream().map(certificate -> certificate.getNotAfter().toInstant());
    }

    boolean holds(TrustBundle trusted, Instant now) {
      return trusted.sequence() == sequence && !now.isBefore(from) && !now.isAfter(until);
    }
  }
}
