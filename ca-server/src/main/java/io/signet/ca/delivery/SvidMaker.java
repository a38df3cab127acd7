package io.signet.ca.delivery;

import io.signet.ca.authorization.Grant;
import io.signet.ca.issuance.GrantedIssuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.ledger.HolderKey;
import io.signet.hsm.soft.ExportableKey;
import io.signet.sds.Timer;
import io.signet.spiffe.X509Svid;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Makes a key and has an SVID issued for it. Safe for use by many threads. */
public final class SvidMaker {

  // Wide enough that what began together does not come back together, drawn once per SVID (DEV-7).
  private static final double JITTER = 0.1;

  // As many as a burst of new streams takes while others are being made.
  private static final int KEYS_AHEAD = 32;

  private final GrantedIssuance issuance;
  private final KeyPool keys;
  private final Clock clock;
  private final RandomGenerator random;
  private final Tempo tempo = new Tempo();

  /**
   * @param timer makes keys ahead
   * @param random draws when an SVID is renewed
   */
  public SvidMaker(GrantedIssuance issuance, Timer timer, Clock clock, RandomGenerator random) {
    this.issuance = issuance;
    this.keys = new KeyPool(KEYS_AHEAD, timer);
    this.clock = clock;
    this.random = random;
  }

  /**
   * @param holder who gets it on streams, as rotations count; empty for ourselves
   */
  KeyedSvid make(Grant grant, Optional<HolderKey> holder) throws RenewalException {
    Instant begun = clock.instant();
    ExportableKey key = keys.take(grant.keys().getFirst().algorithm());
    IssuanceOutcome outcome = issuance.issue(grant, key.publicKey(), holder);
    tempo.took(Duration.between(begun, clock.instant()));
    return switch (outcome) {
      case Refused refused -> throw new RenewalException(refused.detail(), null);
      case Issued issued -> keyed(key, issued.svid(), issued.generation());
    };
  }

  /** How long it takes. */
  Tempo tempo() {
    return tempo;
  }

  // SDS-5: a proxy that is sent a key of another certificate serves nothing at all.
  private KeyedSvid keyed(ExportableKey key, X509Svid svid, int generation)
      throws RenewalException {
    if (!svid.leaf().getPublicKey().equals(key.publicKey())) {
      throw new RenewalException(
          "the SVID of " + svid.id() + " is not of the key made for it", null);
    }
    return new KeyedSvid(key, svid, generation, renewAt(svid.expiresAt()));
  }

  // Half of the life that is left, up to a tenth of that earlier; the backdate does not count.
  private Instant renewAt(Instant end) {
    Instant now = clock.instant();
    double half = Duration.between(now, end).toMillis() / 2.0;
    return now.plusMillis((long) (half * (1 - JITTER * random.nextDouble())));
  }
}
