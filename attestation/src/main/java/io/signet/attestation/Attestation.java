package io.signet.attestation;

/** What came of judging evidence. */
public sealed interface Attestation {

  record Proven(Proof proof) implements Attestation {}

  record Unproven(Refusal refusal) implements Attestation {}

  static Attestation missing(String detail) {
    return new Unproven(new Refusal.Missing(detail));
  }

  static Attestation invalid(String detail) {
    return new Unproven(new Refusal.Invalid(detail));
  }

  static Attestation noIdentity(String detail) {
    return new Unproven(new Refusal.NoIdentity(detail));
  }

  static Attestation unavailable(String detail) {
    return new Unproven(new Refusal.Unavailable(detail));
  }
}
