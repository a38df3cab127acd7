package io.signet.ca.revocation;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.hsm.CustodyException;
import java.security.cert.X509Certificate;
import java.util.List;

/** The authorities as they are now, of which some may have their keys here. */
public interface CrlSources {

  /** Those that only this replica can sign for: that sign leaves, or did and some still live. */
  List<Authority> issuing();

  /** The CAs above, which every replica could sign for. */
  List<Authority> cas() throws AuthorityException, CustodyException, LedgerException;

  /** Whom everybody trusts. */
  List<X509Certificate> roots();
}
