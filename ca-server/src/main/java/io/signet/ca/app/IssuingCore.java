package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore;
import io.signet.ca.authority.Roots;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.PodHolders;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.store.Cluster;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What signs and what remembers it: the store, the ledger in it, the authorities over the
 * custodian.
 *
 * @param renewal of the issuing authority
 * @param own absent where the root is elsewhere
 */
record IssuingCore(
    Authorities authorities,
    CertificateSigner signer,
    IssuanceLedger ledger,
    RevocationDesk revocation,
    Renewal renewal,
    Optional<Own> own) {

  /** What is ours alone to rotate: the roots, where they are our own. */
  record Own(
      Roots roots,
      AuthorityStore store,
      RotationJournal journal,
      Holders holders,
      PodHolders pods,
      Cluster cluster) {}

  static AuthorityPolicy policy(SignetConfig config) {
    return new AuthorityPolicy(
        config.trustDomain(),
        config.keys().algorithm(),
        config.authority().root() instanceof Root.Own
            ? Optional.of(config.authority().rootLifetime())
            : Optional.empty(),
        config.authority().issuingLifetime(),
        config.keys().issuing() == Issuing.ROOT,
        hosts(config));
  }

  private static List<String> hosts(SignetConfig config) {
    return Stream.concat(config.servingNames().stream(), config.entitledHosts().stream())
        .distinct()
        .toList();
  }
}
