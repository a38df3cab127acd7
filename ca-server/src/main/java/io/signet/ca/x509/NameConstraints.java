package io.signet.ca.x509;

import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;
import org.bouncycastle.util.IPAddress;
import org.jspecify.annotations.Nullable;

/** Name constraints of CAs (RFC 5280, 4.2.1.10), of roots too: Envoy and Go go by these as well. */
public final class NameConstraints {

  private static final X500Name SUBJECT = new X500Name("O=Signet,CN=Issuing any");

  private NameConstraints() {}

  /**
   * The first name that leaves below these CAs may not have; empty when they may have all.
   *
   * @param domain whose SPIFFE IDs they have
   * @param hosts their DNS names and IP addresses
   * @param authorities whether CAs of ours are between, which have a subject
   */
  public static Optional<String> refused(
      List<X509Certificate> cas, TrustDomain domain, List<String> hosts, boolean authorities) {
    PKIXNameConstraintValidator constraints = new PKIXNameConstraintValidator();
    try {
      cas.forEach(ca -> add(ca, constraints));
    } catch (RuntimeException e) { // of Bouncy Castle, for what is not well-formed
      return Optional.of("all names, for they cannot be read");
    }
    Stream<GeneralName> names =
        Stream.concat(
            Stream.of(new GeneralName(GeneralName.uniformResourceIdentifier, domain.id() + "/any")),
            Stream.concat(
                hosts.stream().map(NameConstraints::host),
                authorities ? Stream.of(new GeneralName(SUBJECT)) : Stream.empty()));
    return names
        .filter(name -> !allows(constraints, name))
        .map(name -> name.getName().toString())
        .findFirst();
  }

  private static GeneralName host(String host) {
    return new GeneralName(
        IPAddress.isValid(host) ? GeneralName.iPAddress : GeneralName.dNSName, host);
  }

  private static void add(X509Certificate ca, PKIXNameConstraintValidator constraints) {
    byte @Nullable [] extension = ca.getExtensionValue(Extension.nameConstraints.getId());
    if (extension == null) {
      return;
    }
    var found =
        org.bouncycastle.asn1.x509.NameConstraints.getInstance(
            ASN1OctetString.getInstance(extension).getOctets());
    GeneralSubtree @Nullable [] permitted = found.getPermittedSubtrees();
    if (permitted != null) {
      constraints.intersectPermittedSubtree(permitted);
    }
    GeneralSubtree @Nullable [] excluded = found.getExcludedSubtrees();
    if (excluded != null) {
      Stream.of(excluded).forEach(constraints::addExcludedSubtree);
    }
  }

  private static boolean allows(PKIXNameConstraintValidator constraints, GeneralName name) {
    try {
      constraints.checkPermitted(name);
      constraints.checkExcluded(name);
      return true;
    } catch (NameConstraintValidatorException e) {
      return false;
    }
  }
}
