package io.signet.attestation;

/**
 * Judges one kind of evidence. Implementations are safe for use by many threads, may block, bound
 * their own time, and never throw for anything a caller can send.
 */
public interface Attestor {

  /** Its name in the configuration, logs and metrics, such as {@code kubernetes}. */
  String name();

  /** {@link Refusal.Missing} for a kind of evidence that is not this attestor's to judge. */
  Attestation attest(Evidence evidence);
}
