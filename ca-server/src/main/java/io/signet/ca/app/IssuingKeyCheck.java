package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.hsm.CustodyException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the custodian still has the key that signs leaves: somebody may destroy it there,
 * and then the next one is due at once and not only when half of its life is over.
 */
final class IssuingKeyCheck implements Renewal.Work {

  private static final Logger LOG = LoggerFactory.getLogger(IssuingKeyCheck.class);

  private static final Duration EVERY = Duration.ofSeconds(10);

  private final Authorities authorities;
  private final Clock clock;
  private volatile Instant due;

  IssuingKeyCheck(Authorities authorities, Clock clock) {
    this.authorities = authorities;
    this.clock = clock;
    this.due = clock.instant();
  }

  @Override
  public Instant due() {
    return due;
  }

  @Override
  public void run() throws RenewalException {
    try {
      if (!authorities.holdsKey()) {
        LOG.error("the key of the issuing authority is not there any more; the next one is due");
      }
      due = clock.instant().plus(EVERY);
    } catch (CustodyException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }
}
