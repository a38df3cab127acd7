package io.signet.ca.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ServerCall;

/** Tells once that a call has ended, in whichever way. */
final class WatchedListener<Q> extends SimpleForwardingServerCallListener<Q> {
  private final Runnable ended;

  WatchedListener(ServerCall.Listener<Q> listener, Runnable ended) {
    super(listener);
    this.ended = ended;
  }

  @Override
  public void onCancel() {
    ended.run();
    super.onCancel();
  }

  @Override
  public void onComplete() {
    ended.run();
    super.onComplete();
  }
}
