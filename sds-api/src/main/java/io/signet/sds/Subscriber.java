package io.signet.sds;

import static java.util.Objects.requireNonNull;

/**
 * Who is at the other end of an open stream.
 *
 * @param stream unique within this process
 * @param node what the peer calls itself, shortened and made printable; informs and is never
 *     identity (SDS-3)
 * @param holder whose secrets it gets
 * @param listener by which of our sockets it came
 */
public record Subscriber(String stream, String node, Holder holder, String listener) {
  public Subscriber {
    requireNonNull(stream, "stream");
    node = Printable.text(requireNonNull(node, "node"));
    requireNonNull(holder, "holder");
    requireNonNull(listener, "listener");
  }
}
