package io.signet.ca.revocation;

import static java.util.stream.Collectors.toSet;

import io.signet.ca.revocation.CrlDelivery.All;
import io.signet.ca.revocation.CrlDelivery.Withheld;
import io.signet.ca.revocation.LiveCertificates.Live;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether there is a CRL of each CA that somebody may show: of one that has none, a proxy with CRLs
 * refuses everything (FLD-4).
 *
 * @param roots whom everybody trusts
 * @param issuers whose leaves live
 * @param given authorities that others got from us; their CRLs are not ours to sign
 */
record Coverage(List<X509Certificate> roots, Set<AuthorityId> issuers, List<Live> given) {

  /** The same with these roots. */
  Coverage under(List<X509Certificate> others) {
    return new Coverage(others, issuers, given);
  }

  /** What can be delivered of these, the newest of each CA. */
  CrlDelivery of(Collection<Crl> crls, Instant now) {
    Set<AuthorityId> current =
        crls.stream()
            .map(Crl::head)
            .filter(head -> head.isCurrent(now))
            .map(Crl.Head::authority)
            .collect(toSet());
    List<String> lacking = lacking(current);
    // Of a root that has left the bundle nobody signs one any more, and nobody asks for it.
    Set<AuthorityId> asked = asked();
    crls.stream()
        .map(Crl::head)
        .filter(head -> !head.isCurrent(now) && asked.contains(head.authority()))
        .map(head ->
            "that of %s is out of date since %s".formatted(head.authority(), head.nextUpdate()))
        .forEach(lacking::add);
    return lacking.isEmpty()
        ? new All(crls.stream().filter(crl -> crl.head().isCurrent(now)).map(Crl::crl).toList())
        : new Withheld(String.join("; ", lacking));
  }

  private Set<AuthorityId> asked() {
    return Stream.concat(roots.stream().map(AuthorityId::of), issuers.stream()).collect(toSet());
  }

  private List<String> lacking(Set<AuthorityId> current) {
    List<String> lacking = new ArrayList<>();
    roots.stream()
        .filter(root -> !current.contains(AuthorityId.of(root)))
        .map(root -> "there is none of root \"%s\"".formatted(root.getSubjectX500Principal()))
        .forEach(lacking::add);
    issuers.stream()
        .filter(issuer -> !current.contains(issuer))
        .map(issuer -> "there is none of %s, whose certificates live".formatted(issuer))
        .forEach(lacking::add);
    given.stream()
        .map(live ->
            "there is none of the issuing authority %s, which another server has until %s"
                .formatted(live.serial(), live.notAfter()))
        .forEach(lacking::add);
    return lacking;
  }
}
