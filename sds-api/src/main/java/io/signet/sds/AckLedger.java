package io.signet.sds;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
   * @param since when the stream was opened
   * @param secrets by name; a name without any secret yet is in it too
   */
  public record Standing(Subscriber who, Instant since, Map<String, Holding> secrets) {
    public Standing {
      secrets = Map.copyOf(secrets);
    }

    /** Whether it lacks the newest version of something that it could have. */
    public boolean isBehind() {
      return secrets.values().stream().map(Holding::condition).anyMatch(Condition::isBehind);
    }

    private boolean lags(String name, String version) {
      Holding holding = secrets.get(name);
      return holding != null && !holding.has(version);
    }

    private Standing wants(Map<String, Optional<String>> newest, Instant now) {
      var wanted = new HashMap<String, Holding>();
      newest.forEach((name, version) ->
          wanted.put(name, secrets.getOrDefault(name, Holding.NOTHING).wanted(version, now)));
      return new Standing(who, since, wanted);
    }

    private Standing with(Map<String, String> versions, Change change) {
      var changed = new HashMap<>(secrets);
      versions.forEach((name, version) ->
          changed.computeIfPresent(name, (_, holding) -> change.of(holding, version)));
      return new Standing(who, since, changed);
    }
  }

  /** How a subscriber stands to the newest version of one secret. */
  public enum Condition {
    /** There is no secret of this name for it. */
    MISSING,
    /** Not handed to the transport: the peer does not read, or the secret is unfit to be sent. */
    UNSENT,
    /** Sent, and neither acknowledged nor refused yet. */
    SILENT,
    /** Refused. */
    REFUSED,
    /** Acknowledged. */
    ACKNOWLEDGED;

    /** As it is told. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether there is a secret that it does not have. */
    public boolean isBehind() {
      return this != MISSING && this != ACKNOWLEDGED;
    }
  }

  /**
   * One secret as one subscriber has it.
   *
   * @param wanted the newest version, if there is a secret
   * @param sent last
   * @param acked last, and not refused since
   * @param nacked last, if no ACK came since
   * @param nacks how often it refused, ever
   */
  public record Holding(
      Optional<Moment> wanted,
      Optional<Moment> sent,
      Optional<Moment> acked,
      Optional<Nacked> nacked,
      int nacks) {
    private static final Holding NOTHING =
        new Holding(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 0);

    /** Whether an ACK says so. */
    public boolean has(String version) {
      return isOf(acked, version);
    }

    public Condition condition() {
      if (wanted.isEmpty()) {
        return Condition.MISSING;
      }
      String newest = wanted.get().version();
      if (has(newest)) {
        return Condition.ACKNOWLEDGED;
      }
      if (nacked.filter(refused -> refused.version().equals(newest)).isPresent()) {
        return Condition.REFUSED;
      }
      return isOf(sent, newest) ? Condition.SILENT : Condition.UNSENT;
    }

    /** Since when it is in that condition; empty if that is missing. */
    public Optional<Instant> since() {
      return switch (condition()) {
        case MISSING -> Optional.empty();
        case UNSENT -> wanted.map(Moment::at);
        case SILENT -> sent.map(Moment::at);
        case REFUSED -> nacked.map(Nacked::at);
        case ACKNOWLEDGED -> acked.map(Moment::at);
      };
    }

    private static boolean isOf(Optional<Moment> moment, String version) {
      return moment.filter(of -> of.version().equals(version)).isPresent();
    }

    private Holding wanted(Optional<String> version, Instant now) {
      return version.equals(wanted.map(Moment::version))
          ? this
          : new Holding(version.map(newest -> new Moment(newest, now)), sent, acked, nacked, nacks);
    }

    private Holding sent(String version, Instant at) {
      return new Holding(wanted, Optional.of(new Moment(version, at)), acked, nacked, nacks);
    }

    private Holding acked(String version, Instant at) {
      return new Holding(
          wanted, sent, Optional.of(new Moment(version, at)), Optional.empty(), nacks);
    }

    private Holding nacked(String version, Instant at, String error) {
      return new Holding(
          wanted,
          sent,
          acked.filter(received -> !received.version().equals(version)),
          Optional.of(new Nacked(version, at, error)),
          nacks + 1);
    }
  }

  /** A version, and since when. */
  public record Moment(String version, Instant at) {}

  /** The error is the peer's, for people only, and may be about another secret (SDS-9). */
  public record Nacked(String version, Instant at, String error) {}

  private interface Change {
    Holding of(Holding holding, String version);
  }

  /** A stream was opened. From here on it counts, and has nothing. */
  public void opened(Subscriber who) {
    open.put(who, new Standing(who, clock.instant(), Map.of()));
  }

  /**
   * These are now all the names it is subscribed to, with their newest versions; it counts as not
   * having the new ones.
   */
  public void wants(Subscriber who, Map<String, Optional<String>> newest) {
    Instant now = clock.instant();
    update(who, standing -> standing.wants(newest, now));
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

  /** Every open stream. A view that goes on changing, for whoever walks through it once. */
  public Collection<Standing> subscribers() {
    return open.values();
  }

  /**
   * The open streams that are subscribed to this name and have not acknowledged this version of it.
   */
  public List<Standing> laggards(String name, String version) {
    return open.values().stream().filter(standing -> standing.lags(name, version)).toList();
  }

  /** Whether nobody lags behind; true when nobody is subscribed to the name. */
  public boolean everyoneHas(String name, String version) {
    return open.values().stream().noneMatch(standing -> standing.lags(name, version));
  }

  private void update(Subscriber who, UnaryOperator<Standing> change) {
    open.computeIfPresent(who, (_, standing) -> change.apply(standing));
  }
}
