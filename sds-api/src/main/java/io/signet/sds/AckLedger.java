package io.signet.sds;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which open stream has which version of which secret: the only proof that a proxy holds a root
 * (SDS-9). Thread-safe; answers are moments, not transactions. Events of a stream that is not open
 * are ignored.
 */
public final class AckLedger {
  private final Map<Holder, Map<Subscriber, Standing>> open = new ConcurrentHashMap<>();
  private final Map<Holder, Had> heard = new ConcurrentHashMap<>();
  private final Clock clock;

  public AckLedger(Clock clock) {
    this.clock = clock;
  }

  /** A stream was opened. From here on it counts, and has nothing. */
  public void opened(Subscriber who) {
    Standing standing = Standing.opened(who, clock.instant());
    open.compute(who.holder(), (_, streams) -> plus(streams, standing));
    heardOf(who.holder(), Had.NOTHING);
  }

  private static Map<Subscriber, Standing> plus(
      @Nullable Map<Subscriber, Standing> streams, Standing one) {
    Map<Subscriber, Standing> all = streams == null ? new ConcurrentHashMap<>() : streams;
    all.put(one.who(), one);
    return all;
  }

  /**
   * These are now all the names it is subscribed to, with their newest versions; it counts as not
   * having the new ones.
   */
  public void wants(Subscriber who, Wants newest) {
    Instant now = clock.instant();
    update(who, standing -> standing.wants(newest, now));
  }

  /** It has these versions, by name, from an earlier stream (SDS-18): as good as an ACK. */
  public void knows(Subscriber who, Map<String, String> versions) {
    Instant now = clock.instant();
    update(who, standing -> standing.knows(versions, now));
  }

  /** It was answered with this once, without a stream. */
  public void fetched(Holder who, Wants what) {
    heardOf(who, Had.all(what));
  }

  /** These versions, by name, are on their way to it. */
  public void sent(Subscriber who, Map<String, String> versions) {
    Instant now = clock.instant();
    update(who, standing -> standing.with(versions, (held, version) -> held.sent(version, now)));
  }

  /** It acknowledged or refused what it was sent. */
  public void answered(Subscriber who, Answer answer) {
    Instant now = clock.instant();
    Change change =
        switch (answer) {
          case Ack _ -> (held, version) -> held.acked(version, now);
          case Nack nack -> (held, version) -> held.nacked(version, now, nack.error());
        };
    update(who, standing -> standing.with(answer.versions(), change));
  }

  /** The stream is gone, and what it gets from now on is not known. */
  public void closed(Subscriber who) {
    open.computeIfPresent(who.holder(), (_, streams) -> minus(streams, who));
  }

  private @Nullable Map<Subscriber, Standing> minus(
      Map<Subscriber, Standing> streams, Subscriber who) {
    @Nullable Standing left = streams.remove(who);
    if (left != null) {
      heardOf(who.holder(), left.had());
    }
    return streams.isEmpty() ? null : streams;
  }

  /**
   * Of whom anything was heard since the last call, and what those had who were last heard of:
   * whose stream ended, or who were answered without one. Nothing of the others. One of them may
   * have other streams, which are to be looked at after this: what happens to them from then on is
   * in the next answer.
   */
  public Map<Holder, Had> takeHeard() {
    Map<Holder, Had> taken = new HashMap<>();
    for (Holder who : List.copyOf(heard.keySet())) {
      heard.computeIfPresent(
          who,
          (_, had) -> {
            taken.put(who, had);
            return null;
          });
    }
    return taken;
  }

  /** Every open stream, as a view that goes on changing. */
  public Stream<Standing> subscribers() {
    return open.values().stream().flatMap(streams -> streams.values().stream());
  }

  /** Those of one holder. */
  public Stream<Standing> subscribers(Holder who) {
    return open.getOrDefault(who, Map.of()).values().stream();
  }

  private void update(Subscriber who, UnaryOperator<Standing> change) {
    @Nullable Map<Subscriber, Standing> streams = open.get(who.holder());
    if (streams != null
        && streams.computeIfPresent(who, (_, standing) -> change.apply(standing)) != null) {
      heardOf(who.holder(), Had.NOTHING);
    }
  }

  // After what has happened: whoever takes it then sees that.
  private void heardOf(Holder who, Had had) {
    heard.merge(who, had, Had::and);
  }
}
