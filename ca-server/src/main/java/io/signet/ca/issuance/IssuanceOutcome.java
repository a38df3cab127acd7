package io.signet.ca.issuance;

import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Refusal;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.util.Optional;

/** How a request ended. */
public sealed interface IssuanceOutcome {

  /**
   * The SVID with its intermediates, and the roots to trust with it.
   *
   * @param by who got it in the workload's name; empty: the workload itself
   * @param detail to whom it was granted and by what, for our log
   */
  record Issued(X509Svid svid, TrustBundle bundle, Optional<ServiceAccount> by, String detail)
      implements IssuanceOutcome {}

  /**
   * Not issued. The detail is precise and for our log; whether the caller may see it is decided
   * where the answer is made.
   */
  record Refused(Why why, String detail) implements IssuanceOutcome {

    /** What a caller gets that is not proven; for all endpoints that attest (ISTIO-26). */
    public static Refused of(Refusal refusal) {
      Why why =
          switch (refusal) {
            case Refusal.Missing _, Refusal.Invalid _ -> Why.UNAUTHENTICATED;
            case Refusal.NoIdentity _ -> Why.NOT_ENTITLED;
            case Refusal.Unavailable _ -> Why.ATTESTATION_UNAVAILABLE;
          };
      return new Refused(why, refusal.detail());
    }
  }

  /** The kinds of refusal; each endpoint maps all of them to its own status in one switch. */
  enum Why {
    /** The caller showed nothing that proves who it is. */
    UNAUTHENTICATED,
    /** Who the caller is could not be judged now. */
    ATTESTATION_UNAVAILABLE,
    /** The caller is known and may not have what it asks for. */
    NOT_ENTITLED,
    /** The request itself is wrong: shape, signature, key or names. */
    BAD_REQUEST,
    /** No authority can sign now. */
    NO_AUTHORITY,
    /** The custodian of the key cannot sign now. */
    CUSTODY_UNAVAILABLE,
    /**
     * The intent cannot be recorded, so nothing is signed; or the result, so nothing is released.
     */
    LEDGER_UNAVAILABLE,
    /** Our own check refused what we were about to sign, or what was signed. */
    SELF_CHECK_FAILED
  }
}
