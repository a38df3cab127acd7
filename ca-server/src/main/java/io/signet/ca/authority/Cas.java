package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.hsm.CustodyException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** The CAs of all generations. Safe for use by many threads. */
sealed interface Cas {

  /** Has it sign for us. */
  Tier below(int generation) throws AuthorityException, CustodyException, LedgerException;

  /** It itself, if its key is in our custodian. */
  Optional<Authority> authority(int generation)
      throws AuthorityException, CustodyException, LedgerException;

  /** Whom to trust because of it. */
  List<X509Certificate> roots(int generation) throws AuthorityException, LedgerException;

  /** Where the authorities that sign leaves come from. */
  sealed interface Tier {

    /** Keys of their own, certified one after the other. */
    record Issuing(IssuingKeys keys, Certifier by) implements Tier {}

    /** The CA itself signs. */
    record Direct(IssuingAuthority ca) implements Tier {}
  }

  /** Those whose keys are in our custodian. */
  record Own(Roots all, IssuingKeys keys, AuthorityPolicy policy, Clock clock) implements Cas {
    @Override
    public Tier below(int generation) throws AuthorityException, CustodyException, LedgerException {
      Ca ca = all.ca(generation);
      return policy.direct()
          ? new Tier.Direct(
              new IssuingAuthority(
                  generation, ca.authority(), ca.chain().withoutRoot(), ca.authority().notAfter()))
          : new Tier.Issuing(keys, new OwnCertifier(ca, all.signer(), policy, clock));
    }

    @Override
    public Optional<Authority> authority(int generation)
        throws AuthorityException, CustodyException, LedgerException {
      return Optional.of(all.ca(generation).authority());
    }

    @Override
    public List<X509Certificate> roots(int generation) throws AuthorityException, LedgerException {
      return all.chain(generation)
          .orElseThrow(() -> new AuthorityException("there is no CA of generation " + generation))
          .roots();
    }
  }

  /** The only one, elsewhere. */
  record Elsewhere(Tier tier, List<X509Certificate> roots) implements Cas {
    @Override
    public Tier below(int generation) {
      return tier;
    }

    @Override
    public Optional<Authority> authority(int generation) {
      return Optional.empty();
    }

    @Override
    public List<X509Certificate> roots(int generation) {
      return roots;
    }
  }
}
