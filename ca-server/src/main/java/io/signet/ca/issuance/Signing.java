package io.signet.ca.issuance;

import io.signet.attestation.Proof;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import io.signet.spiffe.SpiffeId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is signed for somebody, and what it means to them when it cannot be. */
final class Signing {

  private static final Logger LOG = LoggerFactory.getLogger(Signing.class);

  private Signing() {}

  /**
   * Who gets it, what lets them and who asked, for the ledger and our log (ISS-4): of those that
   * share an identity, which one.
   *
   * @param grant who gets it and what lets them
   */
  static String reason(String grant, Proof proof) {
    String instance = proof.instance();
    return "%s, asked by %s%s"
        .formatted(grant, proof.asker(), instance.isEmpty() ? "" : " as " + instance);
  }

  /** Signs and records. */
  interface Work {
    Issued issued()
        throws AuthorityException, CustodyException, LedgerException, SelfCheckException;
  }

  /**
   * Does the work; all that can fail in it is ours.
   *
   * @param whose it shall be, for our log
   */
  static IssuanceOutcome outcome(SpiffeId whose, Work work) {
    try {
      return work.issued();
    } catch (AuthorityException e) {
      return refused(Why.NO_AUTHORITY, whose, e);
    } catch (LedgerException e) {
      return refused(Why.LEDGER_UNAVAILABLE, whose, e);
    } catch (CustodyException e) {
      return custodyRefused(whose, e);
    } catch (SelfCheckException e) {
      return alarmed(Why.SELF_CHECK_FAILED, whose, e);
    }
  }

  // What the custodian overcomes by itself is no alarm; what ends a key or the process is (KC-5).
  private static Refused custodyRefused(SpiffeId whose, CustodyException e) {
    return switch (e.fault()) {
      case BROKEN, FATAL -> alarmed(Why.CUSTODY_UNAVAILABLE, whose, e);
      case BUSY, LOST, DENIED, REJECTED -> refused(Why.CUSTODY_UNAVAILABLE, whose, e);
    };
  }

  // KC-1: a wrong signature or certificate of ours is an alarm, whoever asked for it.
  private static Refused alarmed(Why why, SpiffeId whose, Exception e) {
    LOG.error("nothing was issued to {}: {}", whose, why, e);
    return refused(why, whose, e);
  }

  private static Refused refused(Why why, SpiffeId whose, Exception cause) {
    return new Refused(why, whose + ": " + cause.getMessage());
  }
}
