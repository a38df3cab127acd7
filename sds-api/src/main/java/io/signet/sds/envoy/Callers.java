package io.signet.sds.envoy;

import io.grpc.StatusException;

/** Says who makes a call; the server implements it with its attestation. */
@FunctionalInterface
public interface Callers {

  /**
   * Attests the caller of the current gRPC context, at the start of each call. Runs on the thread
   * of the call and may block.
   *
   * @throws StatusException if it is refused; the stream ends with this status (SDS-8)
   */
  Caller current() throws StatusException;
}
