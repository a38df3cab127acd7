package io.signet.ca.issuance;

import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was issued and reached nobody, for the call was over by then. Rotations must not take
 * whoever asked for one that was answered: it goes on with what it had. Safe for use by many
 * threads; blocks.
 */
public final class Unreceived {

  private static final Logger LOG = LoggerFactory.getLogger(Unreceived.class);

  private final CertificateSigner signer;

  public Unreceived(CertificateSigner signer) {
    this.signer = signer;
  }

  /** Keeps that of this one; where it cannot be kept, our log says so. */
  public void add(Issued issued) {
    try {
      signer.unreceived(issued.certificate());
    } catch (LedgerException e) {
      LOG.warn(
          "a certificate of {} reached nobody, but rotations take it for received: {}",
          issued.id(),
          e.getMessage());
    }
  }
}
