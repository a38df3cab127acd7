package io.signet.attestation.kubernetes;

import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.kubernetes.BoundToken.Ref;
import io.signet.spiffe.TrustDomain;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Function;

/**
 * Judges tokens by the API server's own rules (Kubernetes' {@code pkg/serviceaccount/claims.go}),
 * from what it tells us of keys, accounts, pods and nodes. It only ever proves: whatever it cannot
 * prove, the API server is asked about, so that nobody is refused for what we do not know yet, and
 * both ways give the same answers.
 */
final class LocalReview {

  private final Cluster cluster;
  private final TrustDomain trustDomain;
  private final Function<String, Optional<String>> signedBy;
  private final KnownObjects accounts;
  private final KnownObjects pods;
  private final KnownObjects nodes;
  private final Clock clock;

  /**
   * @param signedBy the issuer whose key has signed a token, if that is known
   */
  LocalReview(
      Cluster cluster,
      TrustDomain trustDomain,
      Function<String, Optional<String>> signedBy,
      KnownObjects accounts,
      KnownObjects pods,
      KnownObjects nodes,
      Clock clock) {
    this.cluster = cluster;
    this.trustDomain = trustDomain;
    this.signedBy = signedBy;
    this.accounts = accounts;
    this.pods = pods;
    this.nodes = nodes;
    this.clock = clock;
  }

  /**
   * What the token proves; empty if the API server must be asked.
   *
   * @param token three base64url parts
   */
  Optional<ServiceAccount> prove(String token) {
    Instant now = clock.instant();
    return signedBy
        .apply(token)
        .flatMap(issuer -> claims(token).filter(claims -> claims.issuer().equals(issuer)))
        .filter(claims -> isMeantForUs(claims, now))
        .filter(claims -> isBoundToWhatIsThere(claims, now))
        .flatMap(this::proof);
  }

  private static Optional<BoundToken> claims(String token) {
    int start = token.indexOf('.') + 1;
    String payload = token.substring(start, token.indexOf('.', start));
    try {
      return BoundToken.parse(Base64.getUrlDecoder().decode(payload));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private boolean isMeantForUs(BoundToken claims, Instant now) {
    return claims.audiences().contains(cluster.audience())
        && !now.plus(KubeObject.LEEWAY).isBefore(claims.start())
        && !now.minus(KubeObject.LEEWAY).isAfter(claims.expiry());
  }

  private boolean isBoundToWhatIsThere(BoundToken claims, Instant now) {
    String namespace = claims.namespace();
    if (!isThere(accounts, namespace, claims.account(), now)) {
      return false;
    }
    if (claims.pod().isPresent()) {
      // As the API server: a pod is bound to its node, and its token only tells that.
      return isThere(pods, namespace, claims.pod().get(), now);
    }
    return claims.node().isEmpty() || isThere(nodes, "", claims.node().get(), now);
  }

  private static boolean isThere(KnownObjects known, String namespace, Ref ref, Instant now) {
    return known.isFresh()
        && known.find(namespace, ref.name()).filter(o -> o.isValid(ref.uid(), now)).isPresent();
  }

  private Optional<ServiceAccount> proof(BoundToken claims) {
    try {
      var account = new ServiceAccountName(claims.namespace(), claims.account().name());
      return Optional.of(
          new ServiceAccount(
              account.in(trustDomain),
              Optional.of(claims.expiry()),
              cluster.id(),
              account.namespace(),
              account.name(),
              claims.pod().map(pod -> new Pod(pod.name(), pod.uid()))));
    } catch (IllegalArgumentException noName) {
      return Optional.empty();
    }
  }
}
