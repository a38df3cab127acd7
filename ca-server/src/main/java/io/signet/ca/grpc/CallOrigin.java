package io.signet.ca.grpc;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.signet.ca.issuance.Call;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * How a call is found again in our logs, and where it came from.
 *
 * @param id drawn by us for each call, never taken from the caller: no two calls share it, and
 *     nobody can pass for another's line of our log
 * @param address for people
 * @param network for limits
 */
record CallOrigin(String id, String address, String network) {
  private static final CallOrigin NONE = new CallOrigin("", "unknown", "unknown");
  private static final Context.Key<CallOrigin> CURRENT =
      Context.keyWithDefault("signet-call-origin", NONE);

  /** By this name the caller gets the id at the end of its call, however that ends (ISTIO-33). */
  static final Metadata.Key<String> REQUEST_ID =
      Metadata.Key.of("signet-request-id", Metadata.ASCII_STRING_MARSHALLER);

  /** That of the current call. */
  static CallOrigin current() {
    return CURRENT.get();
  }

  private static CallOrigin of(Attributes transport) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    return new CallOrigin(id, PeerAddress.of(transport), PeerAddress.network(transport));
  }

  /** The call of this context; it is over when the caller is gone, or when its deadline passed. */
  Call in(Context context) {
    return new Open(id, address, context::isCancelled);
  }

  /** The same, and it is over when our own deadline has passed too. */
  Call in(Context context, Deadline ours) {
    return new Open(id, address, () -> context.isCancelled() || ours.isExpired());
  }

  private record Open(String id, String address, BooleanSupplier over) implements Call {
    @Override
    public boolean isOver() {
      return over.getAsBoolean();
    }
  }

  /** Draws the id of each call and hands it to the caller. */
  static final class Interceptor implements ServerInterceptor {
    @Override
    public <Q, S> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
      CallOrigin origin = of(call.getAttributes());
      Context context = Context.current().withValue(CURRENT, origin);
      return Contexts.interceptCall(context, telling(origin, call), headers, next);
    }

    private static <Q, S> ServerCall<Q, S> telling(CallOrigin origin, ServerCall<Q, S> call) {
      return new SimpleForwardingServerCall<>(call) {
        @Override
        public void close(Status status, Metadata trailers) {
          trailers.put(REQUEST_ID, origin.id());
          super.close(status, trailers);
        }
      };
    }
  }
}
