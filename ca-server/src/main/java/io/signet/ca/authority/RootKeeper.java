package io.signet.ca.authority;

import io.signet.ca.authority.AuthorityStore.RootRecord;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the root that the store remembers, or makes the first one. */
final class RootKeeper {

  private static final int URI = 6; // RFC 5280, 4.2.1.6

  private final AuthorityStore store;
  private final KeyCustodian custodian;
  private final CertificateSigner signer;
  private final AuthorityPolicy policy;
  private final Clock clock;

  RootKeeper(
      AuthorityStore store,
      KeyCustodian custodian,
      CertificateSigner signer,
      AuthorityPolicy policy,
      Clock clock) {
    this.store = store;
    this.custodian = custodian;
    this.signer = signer;
    this.policy = policy;
    this.clock = clock;
  }

  Authority root()
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    Optional<RootRecord> known = store.root();
    if (known.isEmpty()) {
      KeyLabel label = intended();
      return established(label, custodian.generate(label, policy.algorithm()));
    }
    KeyLabel label = known.get().label();
    return known.get().certificate().isPresent()
        ? found(known.get().certificate().get(), label)
        : established(label, survivor(label));
  }

  private Authority found(X509Certificate certificate, KeyLabel label)
      throws AuthorityException, CustodyException {
    requireOurs(certificate);
    requireValid(certificate);
    KeyHandle key =
        custodian
            .find(certificate.getPublicKey())
            .orElseThrow(() ->
                new AuthorityException(
                    ("the custodian does not hold the key of root \"%s\" (expected: the key"
                            + " made as %s; is this the custodian that made it?)")
                        .formatted(certificate.getSubjectX500Principal(), label)));
    return new Authority(key, certificate);
  }

  private void requireOurs(X509Certificate root) throws AuthorityException {
    String expected = policy.trustDomain().id().toString();
    if (!uri(root).equals(Optional.of(expected))) {
      throw new AuthorityException(
          "trust-domain: %s, but the root in the store is of %s (expected: the trust domain that the"
                  .formatted(expected, uri(root).orElse("none"))
              + " data directory was made for)");
    }
  }

  private static Optional<String> uri(X509Certificate certificate) {
    try {
      return Stream.ofNullable(certificate.getSubjectAlternativeNames())
          .flatMap(Collection::stream)
          .filter(name -> name.getFirst().equals(URI))
          .map(name -> String.valueOf(name.get(1)))
          .findFirst();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
  }

  private void requireValid(X509Certificate root) throws AuthorityException {
    Instant now = clock.instant();
    if (now.isAfter(root.getNotAfter().toInstant())) {
      throw new AuthorityException(
          "root \"%s\" expired at %s; it is now %s"
              .formatted(root.getSubjectX500Principal(), root.getNotAfter().toInstant(), now));
    }
    if (now.isBefore(root.getNotBefore().toInstant())) {
      throw new AuthorityException(
          "root \"%s\" begins at %s; it is now %s (is the clock of this machine right?)"
              .formatted(root.getSubjectX500Principal(), root.getNotBefore().toInstant(), now));
    }
  }

  // The label is remembered before the key is made, so that a crash in between leaks no key (KC-7).
  // Nobody else can have made a key under it: part of it is drawn, and to generate under a label
  // that is taken is refused.
  private KeyLabel intended() throws LedgerException {
    KeyLabel label = FreshLabel.of("root", clock);
    store.intend(label);
    return label;
  }

  /** The key of a root that a crash has left without a certificate; made now if it came before. */
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

  private Authority established(KeyLabel label, KeyHandle key)
      throws CustodyException, LedgerException, SelfCheckException {
    Instant now = clock.instant();
    CertificateTemplate template =
        CertificateProfile.root(
            policy.trustDomain(), key.publicKey(), now, now.plus(policy.rootLifetime()));
    X509Certificate certificate = signer.issue(signer.prepareRoot(template, key));
    store.establish(label, certificate);
    return new Authority(key, certificate);
  }
}
