package io.signet.sds.envoy;

import io.grpc.Status;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Subscriber;
import java.util.Map;
import java.util.Set;

/**
 * Hears what happens on the streams, for log and metrics. Called on the executor of the stream, so
 * it must not block; what it throws is logged and goes no further.
 *
 * <p>All text of the peer's is printable and short, except for names of secrets.
 */
public interface SdsListener {

  /** The first message arrived. */
  void opened(Subscriber who);

  /** These versions, by name, were handed to the transport. */
  void sent(Subscriber who, Map<String, String> versions);

  void acked(Subscriber who, Ack ack);

  void nacked(Subscriber who, Nack nack);

  /**
   * These names have no secret for this caller, for whatever reason (SDS-6), and none is being
   * made. Each is told once a stream, up to a thousand. They come as the peer wrote them.
   */
  void missing(Subscriber who, Set<String> names);

  /** A secret is unfit to be sent and was not (SDS-5): the subscriber keeps the one it has. */
  void withheld(Subscriber who, String name, RuntimeException why);

  /** The stream ended; told once, and only after {@link #opened}. */
  void closed(Subscriber who, Status status);
}
