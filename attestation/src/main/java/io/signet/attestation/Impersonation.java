package io.signet.attestation;

/**
 * Judges whether a caller may ask in the name of another, as the proxy of a node does for the
 * workloads there. Implementations are safe for use by many threads, may block, bound their own
 * time, and never throw for anything a caller can send.
 */
@FunctionalInterface
public interface Impersonation {

  /**
   * Proves {@link Proof.Impersonated} of exactly this identity, or refuses: {@link
   * Refusal.Unavailable} for what cannot be judged now, else {@link Refusal.Invalid} (ISTIO-26,
   * ISTIO-32).
   *
   * @param caller what was proven of who asks
   * @param identity whom it asks for, as it was sent
   */
  Attestation impersonate(Proof caller, String identity);
}
