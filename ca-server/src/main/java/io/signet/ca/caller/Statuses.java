package io.signet.ca.caller;

import io.grpc.Status;
import io.signet.ca.issuance.IssuanceOutcome.Refused;

/**
 * The one translation of refusals to gRPC statuses, for all endpoints (SDS-8). What a status says
 * is all that a caller learns: the precise reason stays in our log, but for what is wrong with the
 * caller's own bytes (ISTIO-26, 27, 33). UNAVAILABLE and RESOURCE_EXHAUSTED make Istio's clients
 * and Envoy try again, the others are denials (ISTIO-29, 32).
 */
public final class Statuses {
  private static final Status UNAUTHENTICATED =
      Status.UNAUTHENTICATED.withDescription("request authenticate failure"); // as istiod says it
  private static final Status DENIED =
      Status.PERMISSION_DENIED.withDescription("caller may not have what it asks for");
  private static final Status UNAVAILABLE =
      Status.UNAVAILABLE.withDescription("temporarily unable to serve the request");
  private static final Status TOO_OFTEN =
      Status.RESOURCE_EXHAUSTED.withDescription("too many requests; try again later");
  private static final Status GONE =
      Status.CANCELLED.withDescription("the caller does not wait any more");
  private static final Status INTERNAL = Status.INTERNAL.withDescription("internal error");

  private Statuses() {}

  /** What the caller is told of a refusal. */
  public static Status of(Refused refused) {
    return switch (refused.why()) {
      case UNAUTHENTICATED -> UNAUTHENTICATED;
      case NOT_ENTITLED -> DENIED;
      case BAD_REQUEST -> Status.INVALID_ARGUMENT.withDescription(refused.detail());
      case ADDRESS_LIMITED, CALLER_LIMITED -> TOO_OFTEN;
      case OVERLOADED,
          ATTESTATION_UNAVAILABLE,
          NO_AUTHORITY,
          CUSTODY_UNAVAILABLE,
          LEDGER_UNAVAILABLE ->
          UNAVAILABLE;
      case ABANDONED -> GONE;
      case SELF_CHECK_FAILED -> INTERNAL;
    };
  }

  /** Not done within our own time limit (ISTIO-30). */
  public static Status tookTooLong() {
    return UNAVAILABLE;
  }

  /** Our own fault, of which the caller learns nothing more. */
  public static Status ourFault() {
    return INTERNAL;
  }
}
