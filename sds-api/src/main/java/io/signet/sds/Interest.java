package io.signet.sds;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;

/**
 * The names a stream is subscribed to.
 *
 * @param names as requested; {@code *} stands for everything the caller may have
 * @param implicit whether no name was ever given: only then an empty list means everything (SDS-15)
 */
record Interest(Set<String> names, boolean implicit) {
  /** Before the first request. */
  static final Interest UNSTATED = new Interest(Set.of(), true);

  private static final String WILDCARD = "*";
  private static final Interest EVERYTHING = new Interest(Set.of(WILDCARD), true);
  private static final Interest NOTHING = new Interest(Set.of(), false);

  /** The newest list replaces the older one as a whole (SDS-10). */
  Interest replacedBy(List<String> requested) {
    if (requested.isEmpty()) {
      return implicit ? EVERYTHING : NOTHING;
    }
    return new Interest(new LinkedHashSet<>(requested), false);
  }

  /** The names of it, whether they have a secret in this snapshot or not. */
  SequencedSet<String> in(Snapshot snapshot) {
    var all = new LinkedHashSet<>(names);
    if (all.remove(WILDCARD)) {
      all.addAll(snapshot.names());
    }
    return all;
  }

  boolean covers(String name) {
    return names.contains(name) || (names.contains(WILDCARD) && Snapshot.isCanonical(name));
  }
}
