package io.signet.sds;

import io.signet.sds.Wants.Kind;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What one subscriber has of what it subscribed to.
 *
 * @param since when the stream was opened
 * @param processed the sequence of the bundle in the newest snapshot that the stream has looked at;
 *     0 before the first
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

  static Standing opened(Subscriber who, Instant now) {
    return new Standing(who, now, 0, Map.of(), Map.of());
  }

  /** Whether it lacks the newest version of something that it could have. */
  public boolean isBehind() {
    return secrets.values().stream().map(Holding::condition).anyMatch(Condition::isBehind);
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
    return marks(Kind.SVID).map(Math::toIntExact).reduce(Had::agreed);
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

  Standing wants(Wants newest, Instant now) {
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

  Standing knows(Map<String, String> versions, Instant now) {
    Standing changed = with(versions, (holding, version) -> holding.acked(version, now));
    return new Standing(who, since, processed, changed.secrets(), versions);
  }

  Standing with(Map<String, String> versions, Change change) {
    var changed = new HashMap<>(secrets);
    versions.forEach((name, version) ->
        changed.computeIfPresent(name, (_, holding) -> change.of(holding, version)));
    return new Standing(who, since, processed, changed, known);
  }

  Had had() {
    return processed == 0 ? Had.NOTHING : new Had(bundle(), generation(), refusal());
  }
}
