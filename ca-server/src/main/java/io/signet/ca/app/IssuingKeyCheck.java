package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.delivery.RenewalException;
import io.signet.hsm.CustodyException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
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
  private final Consumer<Optional<CustodyException>> looked;

  /**
   * @param looked told whether it could be looked for
   */
  IssuingKeyCheck(
      Authorities authorities, Consumer<Optional<CustodyException>> looked, Clock clock) {
    super(EVERY, clock);
    this.authorities = authorities;
    this.looked = looked;
  }

  @Override
  public void run() throws RenewalException {
    try {
      if (!authorities.holdsKey()) {
        LOG.error("the key of the issuing authority is not there any more; the next one is due");
      }
      looked.accept(Optional.empty());
      isDone();
    } catch (CustodyException e) {
      looked.accept(Optional.of(e));
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }
}
