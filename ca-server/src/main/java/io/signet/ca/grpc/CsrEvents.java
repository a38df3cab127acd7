package io.signet.ca.grpc;

import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import java.time.Duration;
import java.util.List;

/**
 * Told of the requests that the endpoint ends by itself, so issuance never answers for them. Calls
 * come from many threads and must not block.
 */
public interface CsrEvents {

  /** Refused before issuance saw it, or unread; there may be very many of them. */
  void refused(Call call, List<Evidence> shown, Refused refused);

  /** Issuance did not answer within the limit; it may still be at work, and nobody waits for it. */
  void abandoned(Call call, List<Evidence> shown, Duration limit);
}
