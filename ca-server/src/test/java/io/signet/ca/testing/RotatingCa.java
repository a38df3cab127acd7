package io.signet.ca.testing;

import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore;
import io.signet.ca.authority.FakeAuthorityStore;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.authority.Roots;
import io.signet.ca.signing.CertificateSigner;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyLabel;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A CA that is followed by the next one whenever a test says so; both are trusted then. */
public final class RotatingCa {

  private final AuthorityStore store = new FakeAuthorityStore();
  private final Roots roots;
  private final Authorities authorities;
  private int active = 1;
  private long bundle = 1;

  public RotatingCa(CertificateSigner signer, Duration issuing, Clock clock) throws Exception {
    AuthorityPolicy policy = Fixtures.policy(issuing);
    roots = new Roots(store, new FakeKeyCustodian(), signer, policy, clock);
    KeyLabel _ = roots.first();
    authorities =
        Authorities.open(
            roots,
            store,
            new FakeKeyCustodian(),
            Agreed.FIRST,
            policy,
            IssuingListener.NONE,
            clock);
  }

  public Authorities authorities() {
    return authorities;
  }

  /** The next generation takes over. */
  public void turn() {
    try {
      int next = active + 1;
      KeyLabel label = new KeyLabel("root-" + next);
      store.intend(next, label);
      roots.make(next, label);
      turn(active, next);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** The first one takes over again. */
  public void turnBack() {
    turn(2, 1);
  }

  /** Another one that is there takes over. */
  public void turn(int from, int to) {
    try {
      follow(to, List.of(Math.min(from, to), Math.max(from, to)));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void follow(int next, List<Integer> trusted) throws Exception {
    active = next;
    authorities.trust(new Agreed(++bundle, next, trusted, Optional.empty()), Instant.MAX);
    authorities.follow();
  }
}
