package io.signet.ca.issuance;

import io.signet.attestation.Evidence;
import io.signet.ca.x509.Fingerprints;
import io.signet.spiffe.TrustBundle;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a caller asks for.
 *
 * @param call by which it asks
 * @param shown all that it showed of itself
 * @param csr its PKCS#10 request as it came, PEM or DER
 * @param lifetime what it wishes, which is only a wish (ISTIO-4)
 * @param impersonated whose identity it asks for, as it was sent; empty: its own (ISTIO-12)
 * @param authority whether it asks for an issuing authority, and not for an identity
 * @param trusted what whoever asks for one says that it trusts: fingerprints of roots
 */
public record IssuanceRequest(
    Call call,
    List<Evidence> shown,
    byte[] csr,
    Optional<Duration> lifetime,
    Optional<String> impersonated,
    boolean authority,
    Set<String> trusted) {
  public IssuanceRequest {
    shown = List.copyOf(shown);
    trusted = Set.copyOf(trusted);
  }

  /** A request for the caller's own identity. */
  public IssuanceRequest(Call call, List<Evidence> shown, byte[] csr, Optional<Duration> lifetime) {
    this(call, shown, csr, lifetime, Optional.empty(), false, Set.of());
  }

  /** Whether whoever asks has said that it trusts all roots of this bundle. */
  public boolean trusts(TrustBundle bundle) {
    return bundle.authorities().stream().map(Fingerprints::of).allMatch(trusted::contains);
  }
}
