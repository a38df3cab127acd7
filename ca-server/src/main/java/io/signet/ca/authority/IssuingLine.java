package io.signet.ca.authority;

import io.signet.ca.signing.Authority;
import io.signet.hsm.KeyHandle;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The authority that signs leaves now, and those before it whose keys are still of use: for CRLs of
 * what they have signed. Never blocks; safe for use by many threads.
 */
final class IssuingLine {

  private volatile Issued active;
  private volatile List<Issued> before = List.of();

  /** Why one is of no use any more. */
  enum Loss {
    KEY_GONE("the key of the issuing authority is not in its custodian any more"),
    REVOKED("the issuing authority was revoked");

    private final String words;

    Loss(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  /**
   * One of them. The key is held beside its authority, for it has to be destroyed one day.
   *
   * @param key absent if it is not ours alone
   * @param lost why it is of no use any more, if so
   */
  record Issued(IssuingAuthority issuing, Optional<KeyHandle> key, Optional<Loss> lost) {
    Issued(IssuingAuthority issuing, Optional<KeyHandle> key) {
      this(issuing, key, Optional.empty());
    }

    private boolean lives(Instant now) {
      Authority authority = issuing.authority();
      return now.isBefore(authority.notAfter()) && authority.inUse() && lost.isEmpty();
    }
  }

  IssuingLine(Issued first) {
    this.active = first;
  }

  Issued active() {
    return active;
  }

  /** Whether this one signs now, or may sign to the end what it was asked for before. */
  boolean has(IssuingAuthority one) {
    return Stream.concat(Stream.of(active), before.stream())
        .anyMatch(each -> each.issuing().equals(one) && each.lost().isEmpty());
  }

  /** All whose keys can be used, the active one first. */
  List<Authority> usable() {
    return Stream.concat(Stream.of(active), before.stream())
        .map(each -> each.issuing().authority())
        .filter(Authority::inUse)
        .toList();
  }

  /**
   * The active one is of no use any more, if it is one of these.
   *
   * @return whether it was until now
   */
  synchronized boolean lose(Predicate<IssuingAuthority> which, Loss why) {
    Issued now = active;
    boolean loses = now.lost().isEmpty() && which.test(now.issuing());
    if (loses) {
      active = new Issued(now.issuing(), now.key(), Optional.of(why));
    }
    return loses;
  }

  /**
   * From now on this one signs.
   *
   * @return the keys of those that are of no use any more
   */
  synchronized List<KeyHandle> followedBy(Issued next, Instant now) {
    List<Issued> replaced = Stream.concat(before.stream(), Stream.of(active)).toList();
    before = replaced.stream().filter(each -> each.lives(now)).toList();
    active = next;
    return replaced.stream()
        .filter(each -> !each.lives(now))
        .flatMap(each -> each.key().stream())
        .toList();
  }
}
