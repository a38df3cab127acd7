package io.signet.ca.issuance;

import io.signet.attestation.Evidence;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a caller asks for: all that it showed of itself, its PKCS#10 request as it came (PEM or
 * DER), and the lifetime it wishes, which is only a wish (ISTIO-4).
 */
public record IssuanceRequest(List<Evidence> shown, byte[] csr, Optional<Duration> lifetime) {
  public IssuanceRequest {
    shown = List.copyOf(shown);
  }
}
