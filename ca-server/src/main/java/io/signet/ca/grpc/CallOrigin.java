package io.signet.ca.grpc;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.ca.caller.Origin;
import java.net.InetSocketAddress;

/** Draws the id of each call and hands it to the caller. */
final class CallOrigin implements ServerInterceptor {
  private static final Context.Key<Origin> CURRENT =
      Context.keyWithDefault("signet-call-origin", Origin.NONE);

  static final Metadata.Key<String> REQUEST_ID =
      Metadata.Key.of(Origin.REQUEST_ID, Metadata.ASCII_STRING_MARSHALLER);

  /** That of the current call. */
  static Origin current() {
    return CURRENT.get();
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    Origin origin = of(call.getAttributes());
    Context context = Context.current().withValue(CURRENT, origin);
    return Contexts.interceptCall(context, telling(origin, call), headers, next);
  }

  /** An IP address, or {@code uid N} at the other end of a Unix socket. */
  static Origin of(Attributes transport) {
    return transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress tcp
            && tcp.getAddress() != null
        ? Origin.of(tcp.getAddress())
        : Origin.of(user(transport));
  }

  private static String user(Attributes transport) {
    PeerCredentials peer = transport.get(UnixSocketCredentials.PEER);
    return peer == null ? "unknown" : "uid " + Integer.toUnsignedString(peer.uid());
  }

  private static <Q, S> ServerCall<Q, S> telling(Origin origin, ServerCall<Q, S> call) {
    return new SimpleForwardingServerCall<>(call) {
      @Override
      public void close(Status status, Metadata trailers) {
        trailers.put(REQUEST_ID, origin.id());
        super.close(status, trailers);
      }
    };
  }
}
