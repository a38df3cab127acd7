package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.PublicKeys;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of issuing authorities. Each has a label that is remembered before it is made and
 * forgotten after it was destroyed, so that in a custodian that outlives the process none is left
 * for ever (KC-7). For one thread at a time.
 */
final class IssuingKeys {

  private static final Logger LOG = LoggerFactory.getLogger(IssuingKeys.class);

  private final AuthorityStore store;
  private final KeyCustodian custodian;
  private final KeyAlgorithm algorithm;
  private final Clock clock;
  private Optional<KeyLabel> intended = Optional.empty();
  private final Deque<KeyHandle> retired = new ArrayDeque<>();

  IssuingKeys(AuthorityStore store, KeyCustodian custodian, KeyAlgorithm algorithm, Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.algorithm = algorithm;
    this.clock = clock;
  }

  KeyHandle make() throws CustodyException, LedgerException {
    KeyHandle key = custodian.generate(label(), algorithm);
    intended = Optional.empty();
    return key;
  }

  // A try that failed may have made a key all the same; the next one has its label.
  private KeyLabel label() throws CustodyException, LedgerException {
    if (intended.isPresent()) {
      destroyAny(custodian, intended.get());
      return intended.get();
    }
    KeyLabel label = FreshLabel.of("issuing", clock);
    store.intendIssuing(label);
    intended = Optional.of(label);
    return label;
  }

  /** Whether it is still there, under its label and as the same key. */
  boolean holds(KeyHandle key) throws CustodyException {
    return custodian
        .find(key.label())
        .filter(found -> PublicKeys.same(found.publicKey(), key.publicKey()))
        .isPresent();
  }

  private static void destroyAny(KeyCustodian custodian, KeyLabel label) throws CustodyException {
    Optional<KeyHandle> left = custodian.find(label);
    if (left.isPresent()) {
      custodian.destroy(left.get());
    }
  }

  /** It is destroyed with the next call of {@link #destroyRetired}. */
  void retire(KeyHandle key) {
    retired.add(key);
  }

  void destroyRetired() {
    retired.removeIf(this::destroyed);
  }

  /** Destroys a key that nobody has signed with yet. */
  void abandon(KeyHandle key) {
    if (!destroyed(key)) {
      retire(key);
    }
  }

  private boolean destroyed(KeyHandle key) {
    try {
      custodian.destroy(key);
      store.forgetIssuing(key.label());
      return true;
    } catch (CustodyException | LedgerException e) {
      // Its successor signs all the same; the next renewal tries again.
      LOG.warn("key {} could not be destroyed", key.label(), e);
      return false;
    }
  }

  /**
   * Destroys what an earlier process has left. Before the first key is made.
   *
   * @param elsewhere another custodian in which it may have made keys
   */
  void destroyLeftovers(KeyCustodian elsewhere) throws LedgerException {
    for (KeyLabel label : store.issuing()) {
      destroyLeftover(label, elsewhere);
    }
  }

  private void destroyLeftover(KeyLabel label, KeyCustodian elsewhere) throws LedgerException {
    try {
      destroyAny(custodian, label);
      destroyAny(elsewhere, label);
      store.forgetIssuing(label);
    } catch (CustodyException e) {
      // Nobody signs with it any more; the next start tries again.
      LOG.warn("key {} of an earlier run could not be destroyed", label, e);
    }
  }
}
