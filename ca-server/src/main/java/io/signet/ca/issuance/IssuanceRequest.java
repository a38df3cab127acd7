package io.signet.ca.issuance;

import io.signet.attestation.Evidence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a caller asks for.
 *
 * @param call by which it asks
 * @param shown all that it showed of itself
 * @param csr its PKCS#10 request as it came, PEM or DER
 * @param lifetime what it wishes, which is only a wish (ISTIO-4)
 * @param impersonated whose identity it asks for, as it was sent; empty: its own (ISTIO-12)
 * @param authority whether it asks for an issuing authority, and not for an identity
 */
public record IssuanceRequest(
    Call call,
    List<Evidence> shown,
    byte[] csr,
    Optional<Duration> lifetime,
    Optional<String> impersonated,
    boolean authority) {
  public IssuanceRequest {
    shown = List.copyOf(shown);
  }

  /** A request for the caller's own identity. */
  public IssuanceRequest(Call call, List<Evidence> shown, byte[] csr, Optional<Duration> lifetime) {
    this(call, shown, csr, lifetime, Optional.empty(), false);
  }
}
