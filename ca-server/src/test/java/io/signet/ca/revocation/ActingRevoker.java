package io.signet.ca.revocation;

import io.signet.ca.signing.Authority;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Duration;

/** A revoker over a store in memory, for tests of what is in front of it. */
public final class ActingRevoker implements Revoker.Listener {

  private final RevocationWorld world = new RevocationWorld();
  private final RevocationWorld.Replica replica = world.new Replica(true);
  private final Revoker revoker = replica.revoker(this);
  private final Authority issuing = replica.renew(Duration.ofDays(1));

  /** Of one replica, which leads. */
  public ActingRevoker() throws Exception {}

  public Revoker revoker() {
    return revoker;
  }

  /** A certificate that lives for an hour. */
  public X509Certificate leaf(SpiffeId id) throws Exception {
    return world.leaf(issuing, id, Duration.ofHours(1));
  }

  @Override
  public void revoked(Revocation revocation) {}

  @Override
  public void denied(Denial denial) {}

  @Override
  public void lifted(SpiffeId id, String by) {}
}
