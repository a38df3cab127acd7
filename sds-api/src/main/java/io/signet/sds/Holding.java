package io.signet.sds;

import io.signet.sds.Wants.Kind;
import io.signet.sds.Wants.Mark;
import io.signet.sds.Wants.Wanted;
import java.time.Instant;
import java.util.Optional;

/**
 * One secret as one subscriber has it.
 *
 * @param wanted the newest version, if there is a secret
 * @param sent last, and not answered yet
 * @param acked last, and not refused since; not when two others were sent since
 * @param nacked last, if no ACK came since
 * @param nacks how often it refused, ever
 * @param mark of the newest secret
 * @param reached the mark's value of the newest secret of this kind that it is known to have; of a
 *     bundle it has that one or a newer one; 0 for none, or when that is not certain
 */
public record Holding(
    Optional<Moment> wanted,
    Optional<Moment> sent,
    Optional<Moment> acked,
    Optional<Nacked> nacked,
    int nacks,
    Mark mark,
    long reached) {
  static final Holding NOTHING =
      new Holding(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 0, Mark.NONE, 0);

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
  Holding wanted(Optional<Wanted> secret, Instant now) {
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
  Holding sent(String version, Instant at) {
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

  Holding acked(String version, Instant at) {
    return new Holding(
        wanted,
        Optional.empty(),
        Optional.of(new Moment(version, at)),
        Optional.empty(),
        nacks,
        mark,
        isOf(wanted, version) ? mark.value() : leastOf(mark.kind()));
  }

  Holding nacked(String version, Instant at, String error) {
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
