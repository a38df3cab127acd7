package io.signet.ca.issuance;

import io.signet.attestation.Proof;
import io.signet.attestation.Refusal;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/** How a request ended. */
public sealed interface IssuanceOutcome {

  /** Who asked, where that was proven. */
  Optional<Proof> caller();

  /** The same, asked for by this caller. */
  IssuanceOutcome by(Proof caller);

  /**
   * A certificate with its intermediates, and the roots to trust with it.
   *
   * @param id in the certificate: of a workload, or the trust domain's where it is an authority
   * @param chain the certificate first; at least that
   * @param generation of the root above it
   * @param detail to whom it was granted and by what, for our log
   */
  record Issued(
      SpiffeId id,
      List<X509Certificate> chain,
      TrustBundle bundle,
      int generation,
      String detail,
      Optional<Proof> caller)
      implements IssuanceOutcome {

    public Issued {
      chain = List.copyOf(chain);
    }

    /** To whoever was granted it before. */
    public Issued(X509Svid svid, TrustBundle bundle, int generation, String detail) {
      this(svid.id(), svid.chain(), bundle, generation, detail, Optional.empty());
    }

    /** What was asked for. */
    public X509Certificate certificate() {
      return chain.getFirst();
    }

    /**
     * The same as an SVID.
     *
     * @throws IllegalArgumentException if it is an authority
     */
    public X509Svid svid() {
      return new X509Svid(id, chain);
    }

    @Override
    public Issued by(Proof proven) {
      return new Issued(id, chain, bundle, generation, detail, Optional.of(proven));
    }
  }

  /**
   * Not issued. The detail is precise and for our log; whether the caller may see it is decided
   * where the answer is made.
   */
  record Refused(Why why, String detail, Optional<Proof> caller) implements IssuanceOutcome {

    /** Of a caller that is not proven. */
    public Refused(Why why, String detail) {
      this(why, detail, Optional.empty());
    }

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

    @Override
    public Refused by(Proof proven) {
      return new Refused(why, detail, Optional.of(proven));
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
    /** Too many calls from one address. */
    ADDRESS_LIMITED,
    /** Too many requests of one proven caller. */
    CALLER_LIMITED,
    /** More requests of all callers together than can be served now. */
    OVERLOADED,
    /** Nobody waits for the answer any more, so nothing was signed. */
    ABANDONED,
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
