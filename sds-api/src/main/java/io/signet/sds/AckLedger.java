package io.signet.sds;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which open stream has which version of which secret: the only proof that a proxy holds a root
 * (SDS-9). Thread-safe; answers are moments, not transactions. Events of a stream that is not open
 * are ignored.
 */
public final class AckLedger {
  private final Map<Subscriber, Standing> open = new ConcurrentHashMap<>();
  private final Map<Holder, Had> gone = new ConcurrentHashMap<>();
  private final Clock clock;

  public AckLedger(Clock clock) {
    this.clock = clock;
  }

  /** A stream was opened. From here on it counts, and has nothing. */
  public void opened(Subscriber who) {
    open.put(who, Standing.opened(who, clock.instant()));
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
    gone.merge(who, Had.all(what), Had::and);
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
    @Nullable Standing left = open.remove(who);
    if (left != null) {
      gone.merge(who.holder(), left.had(), Had::and);
    }
  }

  /**
   * What those had who were last heard of since the last call: whose stream ended, or who were
   * answered without one. One of them may have other streams still.
   */
  public Map<Holder, Had> takeGone() {
    Map<Holder, Had> taken = new HashMap<>();
    for (Holder who : List.copyOf(gone.keySet())) {
      gone.computeIfPresent(
          who,
          (_, had) -> {
            taken.put(who, had);
            return null;
          });
    }
    return taken;
  }

  /** Every open stream. A view that goes on changing, for whoever walks through it once. */
  public Collection<Standing> subscribers() {
    return open.values();
  }

  private void update(Subscriber who, UnaryOperator<Standing> change) {
    open.computeIfPresent(who, (_, standing) -> change.apply(standing));
  }
}
