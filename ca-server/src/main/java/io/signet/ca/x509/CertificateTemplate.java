package io.signet.ca.x509;

import io.signet.spiffe.SpiffeId;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * All that a certificate is to say, but for its serial number and its issuer. A profile fills it
 * in, the builder writes it down, and the lint holds the bytes against it.
 *
 * @param subject the common name of an authority; empty for a leaf, whose subject is empty (PROF-1)
 * @param id the one URI SAN
 * @param hosts DNS names and IP addresses beside it, by explicit policy only
 * @param authority whether it may sign certificates
 * @param pathLength how many authorities may follow below; only for authorities
 */
public record CertificateTemplate(
    Optional<String> subject,
    SpiffeId id,
    List<String> hosts,
    PublicKey publicKey,
    Instant notBefore,
    Instant notAfter,
    Set<KeyUsage> keyUsage,
    boolean authority,
    OptionalInt pathLength) {

  public CertificateTemplate {
    hosts = List.copyOf(hosts);
    keyUsage = Set.copyOf(keyUsage);
  }
}
