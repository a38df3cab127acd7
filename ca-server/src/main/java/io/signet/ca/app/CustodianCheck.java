package io.signet.ca.app;

import io.signet.ca.delivery.RenewalException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the custodian holds the root's key (KC-8). The key is used once in days, so it is
 * looked for every few seconds: a token that is gone shall be known before it is needed, and one
 * that is back be connected. Leaves are issued meanwhile.
 */
final class CustodianCheck extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(CustodianCheck.class);

  private static final Duration EVERY = Duration.ofSeconds(10);

  private final KeyCustody custody;
  private final KeyCustodian custodian;
  private final Supplier<Optional<Sought>> root;

  /**
   * The key that is looked for.
   *
   * @param label looked for first, which is one question to Vault
   */
  record Sought(KeyLabel label, PublicKey key) {}

  /**
   * @param custody told what is found
   * @param root of now
   */
  CustodianCheck(
      KeyCustody custody, KeyCustodian custodian, Supplier<Optional<Sought>> root, Clock clock) {
    super(EVERY, clock);
    this.custody = custody;
    this.custodian = custodian;
    this.root = root;
  }

  @Override
  public void run() throws RenewalException {
    try {
      custody.looked(trouble(found(root.get())));
      isDone();
    } catch (RuntimeException e) {
      LOG.error("the root's key cannot be looked for", e);
      custody.looked(Optional.of(new CustodyException(Fault.FATAL, e.toString(), e)));
      throw e;
    } catch (CustodyException e) {
      custody.looked(Optional.of(e));
      throw new RenewalException(String.valueOf(e.getMessage()), e);
    }
  }

  private Optional<KeyHandle> found(Optional<Sought> sought) throws CustodyException {
    if (sought.isEmpty()) {
      return Optional.empty();
    }
    PublicKey root = sought.get().key();
    Optional<KeyHandle> labelled =
        custodian.find(sought.get().label()).filter(key -> PublicKeys.same(key.publicKey(), root));
    return labelled.isPresent() ? labelled : custodian.find(root);
  }

  private static Optional<CustodyException> trouble(Optional<KeyHandle> root) {
    if (root.isEmpty()) {
      return broken("the custodian does not hold the key of the root any more");
    }
    return root.get().inUse()
        ? Optional.empty()
        : broken("the key of the root is out of use: a signature of it did not verify");
  }

  private static Optional<CustodyException> broken(String why) {
    return Optional.of(new CustodyException(Fault.BROKEN, why));
  }
}
