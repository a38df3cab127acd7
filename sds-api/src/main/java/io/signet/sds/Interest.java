package io.signet.sds;

import io.signet.sds.Request.Delta;
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

  /** Names come and go (SDS-17); a first request that names none means everything. */
  Interest changedBy(Delta request) {
    var changed = new LinkedHashSet<>(names);
    request.unsubscribe().forEach(changed::remove);
    changed.addAll(request.subscribe());
    if (equals(UNSTATED) && request.subscribe().isEmpty()) {
      changed.add(WILDCARD);
    }
    return new Interest(changed, false);
  }

  /** The names of it, whether they have a secret in this catalog or not. */
  SequencedSet<String> in(Catalog catalog) {
    var all = new LinkedHashSet<>(names);
    if (all.remove(WILDCARD)) {
      all.addAll(catalog.names());
    }
    return all;
  }

  boolean covers(String name) {
    return names.contains(name) || (names.contains(WILDCARD) && Catalog.isCanonical(name));
  }
}
