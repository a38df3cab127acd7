package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.time.Clock;
import java.util.Optional;

/**
 * The CAs whose keys are in our custodian, one for each generation. Safe for use by many threads;
 * blocks.
 */
public final class Roots {

  private final CaKeeper keeper;
  private final KeyCustodian custodian;
  private final CertificateSigner signer;
  private final Clock clock;

  /**
   * @param custodian keeps the keys
   */
  public Roots(
      AuthorityStore store,
      KeyCustodian custodian,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock) {
    this.keeper = new CaKeeper(store, custodian, signer, policy, clock);
    this.custodian = custodian;
    this.signer = signer;
    this.clock = clock;
  }

  /**
   * Finds the first CA, or makes it where that is ours to do.
   *
   * @return the label of its key
   * @throws AuthorityException when there is none and none is to be made
   */
  public KeyLabel first()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    return keeper.first().label();
  }

  /** Draws the label of the key of a root that is to be made. */
  public KeyLabel fresh() {
    return FreshLabel.of(CaKey.Kind.ROOT.word(), clock);
  }

  /** What was signed for the CA of this generation, if it was made. */
  public Optional<CaChain> chain(int generation) throws LedgerException {
    return keeper.chain(generation);
  }

  /**
   * Makes whatever is not there yet of the root of this generation; somebody remembers the label
   * already (KC-7).
   */
  public void make(int generation, KeyLabel label)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    keeper.makeRoot(generation, label);
  }

  /** Whether the CA of this generation is there, and its key can be used here. */
  public boolean isUsable(int generation) throws CustodyException, LedgerException {
    return keeper.isUsable(generation);
  }

  /** Destroys the key of this label, if it is there. */
  public void destroy(KeyLabel label) throws CustodyException {
    Optional<KeyHandle> key = custodian.find(label);
    if (key.isPresent()) {
      custodian.destroy(key.get());
    }
  }

  Ca ca(int generation) throws AuthorityException, CustodyException, LedgerException {
    return keeper.ca(generation);
  }

  KeyCustodian custodian() {
    return custodian;
  }

  CertificateSigner signer() {
    return signer;
  }
}
