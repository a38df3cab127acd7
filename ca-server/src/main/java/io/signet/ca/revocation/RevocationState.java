package io.signet.ca.revocation;

import static java.util.stream.Collectors.toUnmodifiableMap;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is revoked at one moment, who is denied, and what says so. Immutable. */
public final class RevocationState {

  /** Of a server that has not looked yet. */
  public static final RevocationState NONE =
      new RevocationState(List.of(), List.of(), List.of(), new CrlDelivery.Nothing(), List.of());

  private final List<Revocation> revoked;
  private final Set<SerialNumber> serials;
  private final Map<SpiffeId, Denial> denied;
  private final Map<AuthorityId, Crl> crls;
  private final CrlDelivery delivery;
  private final List<String> problems;

  RevocationState(
      Collection<Revocation> revoked,
      Collection<Denial> denied,
      Collection<Crl> crls,
      CrlDelivery delivery,
      List<String> problems) {
    this.revoked = List.copyOf(revoked);
    this.serials = revoked.stream().map(Revocation::serial).collect(toUnmodifiableSet());
    this.denied = denied.stream().collect(toUnmodifiableMap(Denial::id, denial -> denial));
    this.crls = crls.stream().collect(toUnmodifiableMap(Crl::authority, crl -> crl));
    this.delivery = delivery;
    this.problems = List.copyOf(problems);
  }

  /** All that was revoked, without what ended long ago; the oldest first. */
  public List<Revocation> revoked() {
    return revoked;
  }

  /** Who is denied, and why. */
  public Map<SpiffeId, Denial> denied() {
    return denied;
  }

  /** The newest CRL of each of our CAs. */
  public Map<AuthorityId, Crl> crls() {
    return crls;
  }

  /** What proxies get. */
  public CrlDelivery delivery() {
    return delivery;
  }

  /** Why a CRL could not be signed. */
  public List<String> problems() {
    return problems;
  }

  /** Whether what others do because of it, and what they are told, is the same. */
  public boolean isAs(RevocationState other) {
    return revoked.equals(other.revoked)
        && denied.equals(other.denied)
        && crls.equals(other.crls)
        && delivery.equals(other.delivery);
  }

  /** Why none of these counts any more, if so: one of them is revoked. */
  public Optional<String> refusal(List<X509Certificate> chain) {
    return chain.stream()
        .filter(this::isRevoked)
        .findFirst()
        .map(found -> "certificate %s is revoked".formatted(SerialNumber.of(found)));
  }

  private boolean isRevoked(X509Certificate certificate) {
    // Serial numbers of others may be any; ours are drawn, and nobody draws one twice.
    return certificate.getSerialNumber().signum() > 0
        && certificate.getSerialNumber().bitLength() < 160
        && serials.contains(SerialNumber.of(certificate));
  }

  /** Whether the CRL of its authority says so by now. */
  public boolean isListed(Revocation revocation) {
    return Optional.ofNullable(crls.get(revocation.authority()))
        .filter(crl -> crl.crl().getRevokedCertificate(revocation.serial().value()) != null)
        .isPresent();
  }

  /** Those that somebody would still believe and that no CRL names. */
  public List<Revocation> unlisted(Instant now) {
    return revoked.stream()
        .filter(revocation -> revocation.notAfter().isAfter(now))
        .filter(revocation -> !isListed(revocation))
        .toList();
  }
}
