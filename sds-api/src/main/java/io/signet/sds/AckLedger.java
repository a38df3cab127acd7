package io.signet.sds;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * Which open stream has which version of which secret: the only proof that a proxy holds a root
 * (SDS-9). Thread-safe; answers are moments, not transactions. Events of a stream that is not open
 * are ignored.
 */
public final class AckLedger {
  private final Map<Subscriber, Standing> open = new ConcurrentHashMap<>();
  private final Clock clock;

  public AckLedger(Clock clock) {
    this.clock = clock;
  }

  /**
   * What one subscriber has of what it subscribed to.
   *
   * @param secrets by name; a name without any secret yet is in it too
   */
  public record Standing(Subscriber who, Map<String, Holding> secrets) {
    public Standing {
      secrets = Map.copyOf(secrets);
    }

    private boolean lags(String name, String version) {
      Holding holding = secrets.get(name);
      return holding != null && !holding.has(version);
    }

    private Standing subscribed(Set<String> names) {
      var kept = new HashMap<>(secrets);
      kept.keySet().retainAll(names);
      names.forEach(name -> kept.putIfAbsent(name, Holding.NOTHING));
      return new Standing(who, kept);
    }

    private Standing with(Map<String, String> versions, Change change) {
      var changed = new HashMap<>(secrets);
      versions.forEach((name, version) ->
          changed.computeIfPresent(name, (_, holding) -> change.of(holding, version)));
      return new Standing(who, changed);
    }
  }

  /**
   * One secret as one subscriber has it.
   *
   * @param sent last
   * @param acked last, and not refused since
   * @param nacked last, if no ACK came since
   */
  public record Holding(Optional<Sent> sent, Optional<Acked> acked, Optional<Nacked> nacked) {
    private static final Holding NOTHING =
        new Holding(Optional.empty(), Optional.empty(), Optional.empty());

    /** Whether an ACK says so. */
    public boolean has(String version) {
      return acked.filter(received -> received.version().equals(version)).isPresent();
    }

    private Holding sent(String version, Instant at) {
      return new Holding(Optional.of(new Sent(version, at)), acked, nacked);
    }

    private Holding acked(String version, Instant at) {
      return new Holding(sent, Optional.of(new Acked(version, at)), Optional.empty());
    }

    private Holding nacked(String version, Instant at, String error) {
      return new Holding(
          sent,
          acked.filter(received -> !received.version().equals(version)),
          Optional.of(new Nacked(version, at, error)));
    }
  }

  public record Sent(String version, Instant at) {}

  public record Acked(String version, Instant at) {}

  /** The error is the peer's, for people only, and may be about another secret (SDS-9). */
  public record Nacked(String version, Instant at, String error) {}

  private interface Change {
    Holding of(Holding holding, String version);
  }

  /** A stream was opened. From here on it counts, and has nothing. */
  public void opened(Subscriber who) {
    open.put(who, new Standing(who, Map.of()));
  }

  /** These are now all the names it is subscribed to; it counts as not having the new ones. */
  public void subscribed(Subscriber who, Set<String> names) {
    update(who, standing -> standing.subscribed(names));
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

  /** The stream is gone, and what it had is no longer known. */
  public void closed(Subscriber who) {
    open.remove(who);
  }

  /** Every open stream. */
  public List<Standing> subscribers() {
    return List.copyOf(open.values());
  }

  /**
   * The open streams that are subscribed to this name and have not acknowledged this version of it.
   */
  public List<Standing> laggards(String name, String version) {
    return open.values().stream().filter(standing -> standing.lags(name, version)).toList();
  }

  /** Whether nobody lags behind; true when nobody is subscribed to the name. */
  public boolean everyoneHas(String name, String version) {
    return laggards(name, version).isEmpty();
  }

  private void update(Subscriber who, UnaryOperator<Standing> change) {
    open.computeIfPresent(who, (_, standing) -> change.apply(standing));
  }
}
