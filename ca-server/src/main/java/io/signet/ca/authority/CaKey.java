package io.signet.ca.authority;

import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;

/** The key of a CA, of which the store remembers the label before it is made. */
final class CaKey {

  private final AuthorityStore store;
  private final KeyCustodian custodian;
  private final AuthorityPolicy policy;
  private final Clock clock;

  CaKey(AuthorityStore store, KeyCustodian custodian, AuthorityPolicy policy, Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.policy = policy;
    this.clock = clock;
  }

  /** What a key is made for, which its label says. */
  enum Kind {
    ROOT,
    CA;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The key, made now if it is not there.
   *
   * @throws AuthorityException also when one of the other kind was intended before
   */
  KeyHandle found(Kind kind) throws AuthorityException, CustodyException, LedgerException {
    Optional<KeyLabel> known = known();
    if (known.isEmpty()) {
      return custodian.generate(intended(kind), policy.algorithm());
    }
    if (!known.get().value().startsWith(kind.word() + "-")) {
      throw new AuthorityException(
          "a key %s was made before, and is not for a %s (was authority.root changed?)"
              .formatted(known.get(), kind.word()));
    }
    return survivor(known.get());
  }

  /**
   * The key of this generation, made now under this label if it is not there; somebody remembers
   * the label already.
   */
  KeyHandle made(int generation, KeyLabel label)
      throws AuthorityException, CustodyException, LedgerException {
    store.intend(generation, label);
    return survivor(label);
  }

  /** A key that was made elsewhere, taken in now if it is not there. */
  KeyHandle takenIn(CaImport.Import imported) throws CustodyException, LedgerException {
    Optional<KeyLabel> known = known();
    Optional<KeyHandle> survivor =
        known.isPresent() ? custodian.find(known.get()) : Optional.empty();
    return survivor.isPresent()
        ? survivor.get()
        : imported.under(known.isPresent() ? known.get() : intended(Kind.CA));
  }

  private Optional<KeyLabel> known() throws LedgerException {
    return store.ca().map(CaRecord::label);
  }

  /** The key of one that was intended; a crash may have come before it was made. */
  private KeyHandle survivor(KeyLabel label) throws AuthorityException, CustodyException {
    Optional<KeyHandle> survivor = custodian.find(label);
    if (survivor.isEmpty()) {
      return custodian.generate(label, policy.algorithm());
    }
    if (survivor.get().algorithm() != policy.algorithm()) {
      throw new AuthorityException(
          "the custodian's key %s is of %s (expected: %s, as configured; was the algorithm changed?)"
              .formatted(label, survivor.get().algorithm(), policy.algorithm()));
    }
    return survivor.get();
  }

  // It is remembered before the key is made, so that a crash in between leaks no key (KC-7).
  // Nobody else can have made a key under it: part of it is drawn, and to generate under a label
  // that is taken is refused.
  private KeyLabel intended(Kind kind) throws LedgerException {
    KeyLabel label = FreshLabel.of(kind.word(), clock);
    store.intend(Ca.FIRST, label);
    return label;
  }
}
