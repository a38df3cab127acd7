package io.signet.ca.app;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import io.signet.hsm.RecoveryListener;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the custodian holds the root's key now (KC-8). The key is used once in days, so it is
 * looked for every few seconds: a token that is gone shall be known before it is needed, and one
 * that is back be connected. Leaves are issued meanwhile.
 */
final class CustodianCheck implements Renewal.Work, RecoveryListener {

  private static final Logger LOG = LoggerFactory.getLogger(CustodianCheck.class);

  private static final Duration EVERY = Duration.ofSeconds(10);

  private final Clock clock;
  private final Counter losses;
  private final Counter recoveries;
  private volatile Optional<String> problem = Optional.empty();
  private volatile Instant due;
  private volatile Look look = Optional::empty;

  /** Looks for the key, and says what is wrong with it. */
  private interface Look {
    Optional<String> trouble() throws CustodyException;
  }

  CustodianCheck(MeterRegistry registry, Clock clock) {
    this.clock = clock;
    this.due = clock.instant();
    this.losses =
        Counter.builder("signet.custodian.losses")
            .description("How often the connection to the root's key was lost")
            .register(registry);
    this.recoveries =
        Counter.builder("signet.custodian.recoveries")
            .description("How often it was there again without a restart")
            .register(registry);
    var _ =
        Gauge.builder("signet.custodian.up", () -> problem.isEmpty() ? 1 : 0)
            .description("Whether the custodian holds the root's key now")
            .strongReference(true)
            .register(registry);
  }

  /** From now on this key is looked for: by its label first, which is one question to Vault. */
  void of(KeyCustodian custodian, KeyLabel label, PublicKey root) {
    look = () -> trouble(found(custodian, label, root));
  }

  private static Optional<KeyHandle> found(KeyCustodian custodian, KeyLabel label, PublicKey root)
      throws CustodyException {
    Optional<KeyHandle> labelled =
        custodian.find(label).filter(key -> PublicKeys.same(key.publicKey(), root));
    return labelled.isPresent() ? labelled : custodian.find(root);
  }

  private static Optional<String> trouble(Optional<KeyHandle> root) {
    if (root.isEmpty()) {
      return Optional.of("the custodian does not hold the key of the root any more");
    }
    return root.get().inUse()
        ? Optional.empty()
        : Optional.of("the key of the root is out of use: a signature of it did not verify");
  }

  /** Why the root's key cannot be used now. */
  Optional<String> problem() {
    return problem;
  }

  @Override
  public Instant due() {
    return due;
  }

  @Override
  public void run() throws RenewalException {
    try {
      found(look.trouble());
      due = clock.instant().plus(EVERY);
    } catch (RuntimeException e) {
      LOG.error("the root's key cannot be looked for", e);
      found(Optional.of(e.toString()));
      throw e;
    } catch (CustodyException e) {
      found(Optional.of(String.valueOf(e.getMessage())));
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  // Told once, however often it is looked for.
  private void found(Optional<String> trouble) {
    if (problem.isEmpty() && trouble.isPresent()) {
      LOG.warn("the root's key cannot be used now, it is tried again: {}", trouble.get());
    } else if (problem.isPresent() && trouble.isEmpty()) {
      LOG.info("the root's key can be used again");
    }
    problem = trouble;
  }

  @Override
  public void lost(CustodyException why) {
    losses.increment();
    LOG.warn("the custodian lost its keys and connects anew: {}", why.getMessage());
  }

  @Override
  public void failed(CustodyException why) {
    LOG.debug("the custodian is still without its keys: {}", why.getMessage());
  }

  @Override
  public void recovered(Duration outage) {
    recoveries.increment();
    LOG.info("the custodian has its keys again, after {}", outage);
  }
}
