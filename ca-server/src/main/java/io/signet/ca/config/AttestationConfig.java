package io.signet.ca.config;

import io.signet.attestation.ServiceAccountName;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Whom to believe; at least one entry in the lists, because nobody's first certificate comes from a
 * certificate.
 *
 * @param kubernetes clusters whose service account tokens count, the local one first
 * @param unix callers of the Unix socket
 * @param jwt issuers whose tokens count
 * @param clientCertificate whether an SVID of ours, shown as a client certificate, counts
 */
public record AttestationConfig(
    List<KubernetesCluster> kubernetes,
    List<UnixCaller> unix,
    List<JwtIssuer> jwt,
    boolean clientCertificate) {
  /**
   * @throws IllegalArgumentException if nobody is believed
   */
  public AttestationConfig {
    kubernetes = List.copyOf(kubernetes);
    unix = List.copyOf(unix);
    jwt = List.copyOf(jwt);
    InvalidValueException.require(
        !(kubernetes.isEmpty() && unix.isEmpty() && jwt.isEmpty()),
        "attestation",
        "no attestor",
        "at least one entry under kubernetes, unix or jwt");
  }

  void requireWithin(TrustDomain trustDomain) {
    for (int i = 0; i < unix.size(); i++) {
      unix.get(i).requireWithin(trustDomain, "attestation.unix[" + i + "].id");
    }
  }

  /**
   * A Kubernetes cluster that vouches for its workloads.
   *
   * @param cluster the id that clients send in the {@code ClusterID} header
   * @param aliases other ids for the same cluster
   * @param kubeconfig how to reach it; empty: as a pod of this cluster
   * @param audience what a token must be made for
   * @param review who judges the tokens
   * @param reviewRate how many of them its API server is asked about in a second; empty: any number
   * @param trustedNodeAccounts who may ask in the name of the workloads on its own node; empty:
   *     nobody
   */
  public record KubernetesCluster(
      String cluster,
      List<String> aliases,
      Optional<Path> kubeconfig,
      String audience,
      Review review,
      OptionalInt reviewRate,
      List<ServiceAccountName> trustedNodeAccounts) {
    /** Copies the lists. */
    public KubernetesCluster {
      aliases = List.copyOf(aliases);
      trustedNodeAccounts = List.copyOf(trustedNodeAccounts);
    }
  }

  /** Who judges a token. */
  public enum Review {
    /** The API server, each. */
    API,
    /** We, from what the API server tells of keys, accounts and pods. */
    LOCAL
  }

  /**
   * A user of this machine.
   *
   * @param uid the user id that the kernel reports for the peer, 0 to 4294967294
   * @param id who that is
   */
  public record UnixCaller(long uid, SpiffeId id) {
    void requireWithin(TrustDomain trustDomain, String key) {
      InvalidValueException.require(
          id.hasPath() && id.memberOf(trustDomain),
          key,
          id,
          "an ID with a path in spiffe://" + trustDomain + "/");
    }
  }

  /**
   * An issuer of JWTs.
   *
   * @param issuer the {@code iss} claim, compared as text
   * @param audience what a token must be made for
   * @param jwks where the issuer's public keys are
   */
  public record JwtIssuer(String issuer, String audience, Jwks jwks) {}

  /** Where a JWK set is. */
  public sealed interface Jwks {
    record InFile(Path file) implements Jwks {}

    /**
     * At this address.
     *
     * @param caFile whom to trust for TLS; empty: whom the JDK trusts
     */
    record AtUrl(URI url, Optional<Path> caFile) implements Jwks {}

    /**
     * Where the discovery document of the issuer says, which is an address then.
     *
     * @param caFile whom to trust for TLS; empty: whom the JDK trusts
     */
    record Discovered(Optional<Path> caFile) implements Jwks {}
  }
}
