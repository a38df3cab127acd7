package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.delivery.RenewalException;
import io.signet.hsm.CustodyException;
import java.time.Clock;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the custodian still has the key that signs leaves: somebody may destroy it there,
 * and then the next one is due at once and not only when half of its life is over.
 */
final class IssuingKeyCheck extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(IssuingKeyCheck.class);

  private static final Duration EVERY = Duration.ofSeconds(10);

  private final Authorities authorities;

  IssuingKeyCheck(Authorities authorities, Clock clock) {
    super(EVERY, clock);
    this.authorities = authorities;
  }

  @Override
  public void run() throws RenewalException {
    try {
      if (!authorities.holdsKey()) {
        LOG.error("the key of the issuing authority is not there any more; the next one is due");
      }
      isDone();
    } catch (CustodyException e) {
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }
}
