package io.signet.ca.app;

import io.signet.hsm.CustodyException;
import io.signet.hsm.RecoveryListener;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log when the custodian's connection to the root's key is lost and is there again. */
final class LoggedRecovery implements RecoveryListener {

  private static final Logger LOG = LoggerFactory.getLogger(LoggedRecovery.class);

  @Override
  public void lost(CustodyException why) {
    LOG.warn("the custodian lost its keys and connects anew: {}", why.getMessage());
  }

  @Override
  public void failed(CustodyException why) {
    LOG.warn("the custodian is still without its keys: {}", why.getMessage());
  }

  @Override
  public void recovered(Duration outage) {
    LOG.info("the custodian has its keys again, after {}", outage);
  }
}
