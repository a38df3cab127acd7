package io.signet.ca.revocation;

import static java.util.stream.Collectors.toSet;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What a ledger in memory says of live certificates. */
public final class FakeLiveCertificates implements LiveCertificates {

  private final FakeLedger ledger;
  private int walks;

  public FakeLiveCertificates(FakeLedger ledger) {
    this.ledger = ledger;
  }

  @Override
  public List<Live> leavesOf(SpiffeId id, Instant now) {
    return living(now, CertificateProfile.LEAF)
        .map(LedgerEntry::intent)
        .filter(intent -> intent.id().equals(id))
        .map(FakeLiveCertificates::live)
        .toList();
  }

  /** How often all of them were read. */
  public int walks() {
    return walks;
  }

  @Override
  public Set<AuthorityId> issuers(Instant now) {
    walks++;
    return living(now, CertificateProfile.LEAF)
        .filter(entry -> entry.result() instanceof Result.Issued)
        .map(entry -> AuthorityId.of(entry.intent().issuerKeyId()))
        .collect(toSet());
  }

  @Override
  public List<Live> authoritiesOf(AuthorityId ca, Instant now) {
    return living(now, CertificateProfile.ISSUING)
        .map(LedgerEntry::intent)
        .filter(intent -> AuthorityId.of(intent.issuerKeyId()).equals(ca))
        .map(FakeLiveCertificates::live)
        .toList();
  }

  @Override
  public List<Live> givenAuthorities(Instant now) {
    return living(now, CertificateProfile.ISSUING)
        .filter(entry -> entry.result() instanceof Result.Issued)
        .map(LedgerEntry::intent)
        .filter(intent -> !intent.reason().equals(CertificateSigner.OWN))
        .filter(intent -> !intent.reason().isEmpty())
        .map(FakeLiveCertificates::live)
        .toList();
  }

  private Stream<LedgerEntry> living(Instant now, CertificateProfile profile) {
    return ledger.entries().stream()
        .filter(entry -> entry.intent().notAfter().isAfter(now))
        .filter(entry -> entry.intent().profile().equals(profile.toString()));
  }

  private static Live live(Intent intent) {
    return new Live(
        intent.serial(), AuthorityId.of(intent.issuerKeyId()), intent.id(), intent.notAfter());
  }
}
