package io.signet.ca.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Knows the open streams, to end them when the server stops: a stream has no end of its own, and
 * would hold up the stop until it is forced. Calls with one answer are left alone, so they get it.
 */
final class OpenStreams implements ServerInterceptor {
  private static final Status STOPPING = Status.UNAVAILABLE.withDescription("server is stopping");

  private final Set<Stream<?, ?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    if (call.getMethodDescriptor().getType().serverSendsOneMessage()) {
      return next.startCall(call, headers);
    }
    var stream = new Stream<>(call);
    open.add(stream);
    if (stopping) {
      stream.end(); // It came between the end of the others and the end of the listener.
    }
    try {
      return stream.watched(next.startCall(stream, headers));
    } catch (RuntimeException e) {
      open.remove(stream);
      throw e;
    }
  }

  /** Ends every stream with UNAVAILABLE, upon which a client looks for another server (SDS-8). */
  void end() {
    stopping = true;
    open.forEach(Stream::end);
  }

  /** A call may be closed once only, and take no message after that; both hold under its lock. */
  private final class Stream<Q, S> extends SimpleForwardingServerCall<Q, S> {
    private boolean closed;

    Stream(ServerCall<Q, S> call) {
      super(call);
    }

    void end() {
      close(STOPPING, new Metadata());
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!closed) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(S message) {
      if (!closed) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!closed) {
        closed = true;
        super.close(status, trailers);
      }
    }

    ServerCall.Listener<Q> watched(ServerCall.Listener<Q> listener) {
      return new WatchedListener<>(listener, () -> open.remove(this));
    }
  }
}
