package io.signet.ca.app;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.CaChain;
import io.signet.ca.authority.Roots;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.revocation.Revoker.Done;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.RotatedKeys;
import io.signet.ca.rotation.RotationException;
import io.signet.ca.rotation.RotationRunner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * The roots of our own as keys that follow each other.
 *
 * @param revoker acts on what is below one that is compromised
 */
record CaKeys(Roots roots, Revoker revoker) implements RotatedKeys {

  @Override
  public KeyLabel fresh() {
    return roots.fresh();
  }

  @Override
  public Optional<X509Certificate> certificate(Generation generation) throws LedgerException {
    return roots.chain(generation.number()).map(CaChain::certificate);
  }

  @Override
  public void make(Generation next) throws RotationException, LedgerException {
    try {
      roots.make(next.number(), next.label());
    } catch (AuthorityException | CustodyException | SelfCheckException e) {
      throw failed("the key %s was not made", next, e);
    }
  }

  @Override
  public boolean hasCrl(Generation generation) throws LedgerException {
    Optional<X509Certificate> root = certificate(generation);
    return root.isPresent() && revoker.hasCrl(root.get());
  }

  @Override
  public void revoke(Generation compromised) throws RotationException, LedgerException {
    Optional<X509Certificate> root = certificate(compromised);
    if (root.isPresent()) {
      Done _ = revoker.revokeBelow(root.get(), RotationRunner.SELF);
    }
    if (!isRevoked(compromised)) {
      throw new RotationException(
          "the CRL by which the key %s revokes what it has signed is not there yet (the log says why)"
              .formatted(compromised.label()));
    }
  }

  @Override
  public boolean isRevoked(Generation generation) throws LedgerException {
    Optional<X509Certificate> root = certificate(generation);
    return root.isEmpty() || revoker.isRevokedBelow(root.get()) || isGone(generation);
  }

  // A custodian that does not answer may have it still.
  private boolean isGone(Generation generation) throws LedgerException {
    try {
      return !roots.isUsable(generation.number());
    } catch (CustodyException e) {
      return false;
    }
  }

  @Override
  public void destroy(Generation doomed) throws RotationException {
    try {
      roots.destroy(doomed.label());
    } catch (CustodyException e) {
      throw failed("the key %s was not destroyed", doomed, e);
    }
  }

  private static RotationException failed(String what, Generation which, Exception e) {
    return new RotationException(what.formatted(which.label()) + ": " + e.getMessage(), e);
  }
}
