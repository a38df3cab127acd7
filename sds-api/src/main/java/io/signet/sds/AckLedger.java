package io.signet.sds;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Wants.Kind;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
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

  /**
   * What one subscriber has of what it subscribed to.
   *
   * @param since when the stream was opened
   * @param processed the sequence of the bundle in the newest snapshot that the stream has looked
   *     at; 0 before the first
   * @param secrets by name; a name without any secret yet is in it too
   * @param known the versions by name that it has from an earlier stream
   */
  public record Standing(
      Subscriber who,
      Instant since,
      long processed,
      Map<String, Holding> secrets,
      Map<String, String> known) {
    public Standing {
      secrets = Map.copyOf(secrets);
      known = Map.copyOf(known);
    }

    private static Standing opened(Subscriber who, Instant now) {
      return new Standing(who, now, 0, Map.of(), Map.of());
    }

    /** Whether it lacks the newest version of something that it could have. */
    public boolean isBehind() {
      return secrets.values().stream().map(Holding::condition).anyMatch(Condition::isBehind);
    }

    private boolean lags(String name, String version) {
      Holding holding = secrets.get(name);
      return holding != null && !holding.has(version);
    }

    /**
     * Which version of the own trust domain's bundle it has at least: the one that it has
     * acknowledged under each name that stands for it. 0 for none, also while nobody knows yet what
     * its names stand for; empty when none of them is a bundle.
     */
    public Optional<Long> bundle() {
      return processed == 0 ? Optional.of(0L) : marks(Kind.BUNDLE).min(Comparator.naturalOrder());
    }

    /**
     * Under the root of which generation the SVID is that it has acknowledged; 0 while that is none
     * or not certain; empty when it is subscribed to none.
     */
    public Optional<Integer> generation() {
      return marks(Kind.SVID).map(Math::toIntExact).reduce(AckLedger::agreed);
    }

    /** What it said when it refused the newest version of something, if it did. */
    public Optional<String> refusal() {
      return secrets.values().stream()
          .filter(holding -> holding.condition() == Condition.REFUSED)
          .flatMap(holding -> holding.nacked().stream())
          .max(Comparator.comparing(Nacked::at))
          .map(Nacked::error);
    }

    private Stream<Long> marks(Kind kind) {
      return secrets.values().stream()
          .filter(holding -> holding.mark().kind() == kind)
          .map(Holding::reached);
    }

    private Standing wants(Wants newest, Instant now) {
      var wanted = new HashMap<String, Holding>();
      newest.names().forEach((name, secret) -> wanted.put(name, held(name).wanted(secret, now)));
      return new Standing(who, since, newest.bundle(), wanted, known);
    }

    private Holding held(String name) {
      Holding held = secrets.get(name);
      if (held != null) {
        return held;
      }
      String version = known.get(name);
      return version == null ? Holding.NOTHING : Holding.NOTHING.acked(version, since);
    }

    private Standing knows(Map<String, String> versions, Instant now) {
      Standing changed = with(versions, (holding, version) -> holding.acked(version, now));
      return new Standing(who, since, processed, changed.secrets(), versions);
    }

    private Standing with(Map<String, String> versions, Change change) {
      var changed = new HashMap<>(secrets);
      versions.forEach((name, version) ->
          changed.computeIfPresent(name, (_, holding) -> change.of(holding, version)));
      return new Standing(who, since, processed, changed, known);
    }

    private Had had() {
      return processed == 0
          ? new Had(Optional.empty(), Optional.empty(), Optional.empty())
          : new Had(bundle(), generation(), refusal());
    }
  }

  /**
   * What somebody had when it was last heard of.
   *
   * @param bundle as {@link Standing#bundle()}
   * @param generation as {@link Standing#generation()}
   * @param refusal as {@link Standing#refusal()}
   */
  public record Had(Optional<Long> bundle, Optional<Integer> generation, Optional<String> refusal) {

    private static Had all(Wants received) {
      return new Had(
          value(received, Kind.BUNDLE),
          value(received, Kind.SVID).map(Math::toIntExact),
          Optional.empty());
    }

    private static Optional<Long> value(Wants received, Kind kind) {
      return received.names().values().stream()
          .flatMap(Optional::stream)
          .map(Wanted::mark)
          .filter(mark -> mark.kind() == kind)
          .map(Mark::value)
          .min(Comparator.naturalOrder());
    }

    /** Of two streams of one holder: what both have. */
    public Had and(Had other) {
      return new Had(
          either(bundle, other.bundle, Math::min),
          either(generation, other.generation, AckLedger::agreed),
          refusal.or(other::refusal));
    }

    private static <T> Optional<T> either(
        Optional<T> one, Optional<T> other, BinaryOperator<T> both) {
      return one.isPresent() && other.isPresent()
          ? Optional.of(both.apply(one.get(), other.get()))
          : one.or(() -> other);
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
   * @param sent last, and not answered yet
   * @param acked last, and not refused since; not when two others were sent since
   * @param nacked last, if no ACK came since
   * @param nacks how often it refused, ever
   * @param mark of the newest secret
   * @param reached the mark's value of the newest secret of this kind that it is known to have; of
   *     a bundle it has that one or a newer one; 0 for none, or when that is not certain
   */
  public record Holding(
      Optional<Moment> wanted,
      Optional<Moment> sent,
      Optional<Moment> acked,
      Optional<Nacked> nacked,
      int nacks,
      Mark mark,
      long reached) {
    private static final Holding NOTHING =
        new Holding(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            0,
            Mark.NONE,
            0);

    /** Whether an ACK says so, and nothing else was sent since that it may have taken over. */
    public boolean has(String version) {
      return isOf(acked, version) && (sent.isEmpty() || isOf(sent, version));
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

    // With another sequence the same content may be the newest again.
    private Holding wanted(Optional<Wanted> secret, Instant now) {
      Optional<String> version = secret.map(Wanted::version);
      Optional<Moment> newest =
          version.equals(wanted.map(Moment::version))
              ? wanted
              : version.map(other -> new Moment(other, now));
      Mark next = secret.map(Wanted::mark).orElse(mark);
      boolean isSure = next.kind() == mark.kind() && (newest.equals(wanted) || isSettled());
      long lately = isSure ? reached : leastOf(next.kind());
      return new Holding(
          newest,
          sent,
          acked,
          nacked,
          nacks,
          next,
          version.filter(this::has).isPresent() ? next.value() : lately);
    }

    private boolean isSettled() {
      return sent.isEmpty() || sent.map(Moment::version).equals(acked.map(Moment::version));
    }

    // Of bundles it has the one that it had before or a newer one. SVIDs may go back to the
    // generation before: in between it may have either.
    private long leastOf(Kind kind) {
      return kind == mark.kind() && kind == Kind.BUNDLE ? reached : 0;
    }

    // Of two that are on their way it may have taken over the first, whatever it had before.
    private Holding sent(String version, Instant at) {
      boolean isSure = sent.isEmpty() || isOf(sent, version);
      boolean isNear = mark.kind() != Kind.SVID || mark.value() == reached;
      return new Holding(
          wanted,
          Optional.of(new Moment(version, at)),
          isSure ? acked : Optional.empty(),
          nacked,
          nacks,
          mark,
          isNear ? reached : 0);
    }

    private Holding acked(String version, Instant at) {
      return new Holding(
          wanted,
          Optional.empty(),
          Optional.of(new Moment(version, at)),
          Optional.empty(),
          nacks,
          mark,
          isOf(wanted, version) ? mark.value() : leastOf(mark.kind()));
    }

    private Holding nacked(String version, Instant at, String error) {
      boolean isOfWhatItHad = isOf(acked, version);
      return new Holding(
          wanted,
          Optional.empty(),
          isOfWhatItHad ? Optional.empty() : acked,
          Optional.of(new Nacked(version, at, error)),
          nacks + 1,
          mark,
          isOfWhatItHad ? 0 : reached);
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

  private static int agreed(int one, int other) {
    return one == other ? one : 0;
  }

  private void update(Subscriber who, UnaryOperator<Standing> change) {
    open.computeIfPresent(who, (_, standing) -> change.apply(standing));
  }
}
