package io.signet.sds.envoy;

import static java.util.Objects.requireNonNull;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** Lets the test end the last call underneath its handler. */
final class LastCall implements ServerInterceptor {
  private @Nullable ServerCall<?, ?> last;

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    last = call;
    return next.startCall(call, headers);
  }

  void close(Status status) {
    requireNonNull(last).close(status, new Metadata());
  }
}
