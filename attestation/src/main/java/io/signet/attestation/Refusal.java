package io.signet.attestation;

/**
 * Why a caller is not proven. The detail is for our log, never for the caller (ISTIO-26, 33): it
 * may quote what the caller sent, so it is cut and holds printable ASCII only.
 */
public sealed interface Refusal {

  /** The precise reason, without anything secret. */
  String detail();

  /** Nothing was shown that this attestor could judge. */
  record Missing(String detail) implements Refusal {
    public Missing {
      detail = Shown.text(detail);
    }
  }

  /** The evidence was judged and found wrong. */
  record Invalid(String detail) implements Refusal {
    public Invalid {
      detail = Shown.text(detail);
    }
  }

  /** The caller is known, and there is no identity for it (SDS-8). */
  record NoIdentity(String detail) implements Refusal {
    public NoIdentity {
      detail = Shown.text(detail);
    }
  }

  /** The evidence could not be judged now; the same may be proven later. */
  record Unavailable(String detail) implements Refusal {
    public Unavailable {
      detail = Shown.text(detail);
    }
  }
}
