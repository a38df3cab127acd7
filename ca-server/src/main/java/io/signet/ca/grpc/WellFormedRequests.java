package io.signet.ca.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses messages that are none of the method's, and their absence, with {@code INVALID_ARGUMENT}
 * (CSR-2). gRPC itself would take them for faults of ours: it answers {@code UNKNOWN} or {@code
 * INTERNAL} and logs a stack trace, for anybody who can connect.
 */
final class WellFormedRequests implements ServerInterceptor {

  private WellFormedRequests() {}

  /** The service, whose methods see well-formed requests only. */
  static ServerServiceDefinition only(BindableService service) {
    // As bytes up to here, so that they are parsed where it can be caught.
    return ServerInterceptors.intercept(
        ServerInterceptors.useInputStreamMessages(service.bindService()), new WellFormedRequests());
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    return new Reading<>(call, next.startCall(call, headers));
  }

  /** What arrives on one call, whose listener is called by one thread at a time. */
  private static final class Reading<Q> extends SimpleForwardingServerCallListener<Q> {
    private final ServerCall<Q, ?> call;
    private final boolean onlyOne;
    private boolean read;
    private boolean refused;
    private @Nullable String problem;

    Reading(ServerCall<Q, ?> call, ServerCall.Listener<Q> reader) {
      super(reader);
      this.call = call;
      this.onlyOne = call.getMethodDescriptor().getType().clientSendsOneMessage();
    }

    @Override
    public void onMessage(Q message) {
      read = true;
      if (problem == null) {
        parse(message);
      }
      // Of one message the end is at hand; who is answered before it may not see the answer.
      if (!onlyOne && problem != null) {
        refuse(problem);
      }
    }

    private void parse(Q message) {
      try {
        super.onMessage(message);
      } catch (StatusRuntimeException e) {
        if (!(e.getCause() instanceof InvalidProtocolBufferException)) {
          throw e;
        }
        problem = "not a well-formed message of this method";
      }
    }

    @Override
    public void onHalfClose() {
      if (onlyOne && !read) {
        problem = "no message (expected: one)";
      }
      if (problem == null) {
        super.onHalfClose();
      } else {
        refuse(problem);
      }
    }

    private void refuse(String why) {
      if (!refused) {
        refused = true;
        call.close(Status.INVALID_ARGUMENT.withDescription("request: " + why), new Metadata());
      }
    }
  }
}
