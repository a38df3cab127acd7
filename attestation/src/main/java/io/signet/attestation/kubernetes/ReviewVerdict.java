package io.signet.attestation.kubernetes;

import static java.util.Objects.requireNonNullElse;

import com.nimbusds.jwt.JWTParser;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.ServiceAccountName;
import io.signet.spiffe.TrustDomain;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a review of a cluster's API server proves (K8S-2 to K8S-8). */
final class ReviewVerdict {

  private static final String ACCOUNTS = "system:serviceaccounts";
  private static final String POD_NAME = "authentication.kubernetes.io/pod-name";
  private static final String POD_UID = "authentication.kubernetes.io/pod-uid";

  private final Cluster cluster;
  private final TrustDomain trustDomain;

  ReviewVerdict(Cluster cluster, TrustDomain trustDomain) {
    this.cluster = cluster;
    this.trustDomain = trustDomain;
  }

  Attestation on(TokenReviewStatus status, String token) {
    // K8S-2: both, whatever the other says.
    String error = requireNonNullElse(status.getError(), "");
    if (!error.isEmpty()) {
      return Attestation.invalid("refused by the API server: " + error);
    }
    if (!Boolean.TRUE.equals(status.getAuthenticated())) {
      return Attestation.invalid("not authenticated by the API server");
    }
    // K8S-3: an API server that does not know audiences echoes none and has checked none.
    List<String> audiences = requireNonNullElse(status.getAudiences(), List.of());
    if (!audiences.contains(cluster.audience())) {
      return Attestation.invalid(
          "audience: %s (expected: with %s)".formatted(audiences, cluster.audience()));
    }
    return user(requireNonNullElse(status.getUser(), new UserInfo()), token);
  }

  private Attestation user(UserInfo user, String token) {
    String name = requireNonNullElse(user.getUsername(), "");
    List<String> groups = requireNonNullElse(user.getGroups(), List.of());
    if (!groups.contains(ACCOUNTS)) {
      return Attestation.invalid(
          "user \"%s\", groups: %s (expected: with %s)".formatted(name, groups, ACCOUNTS));
    }
    try {
      return proven(ServiceAccountName.parse(name), pod(user), token);
    } catch (IllegalArgumentException notAnAccount) {
      return Attestation.invalid(String.valueOf(notAnAccount.getMessage()));
    }
  }

  private Proven proven(ServiceAccountName account, Optional<Pod> pod, String token) {
    return new Proven(
        new ServiceAccount(
            account.in(trustDomain),
            until(token),
            cluster.id(),
            account.namespace(),
            account.name(),
            pod));
  }

  /** K8S-7; empty for a token that is not bound to a pod. */
  private static Optional<Pod> pod(UserInfo user) {
    Map<String, List<String>> extra = requireNonNullElse(user.getExtra(), Map.of());
    return first(extra.get(POD_NAME))
        .flatMap(name -> first(extra.get(POD_UID)).map(uid -> new Pod(name, uid)));
  }

  private static Optional<String> first(@Nullable List<String> values) {
    return values == null ? Optional.empty() : values.stream().findFirst();
  }

  /** The review tells no expiry, so it is read from the token, which by now is known to be good. */
  private static Optional<Instant> until(String token) {
    try {
      Date expiry = JWTParser.parse(token).getJWTClaimsSet().getExpirationTime();
      return Optional.ofNullable(expiry).map(Date::toInstant);
    } catch (ParseException | RuntimeException unreadable) {
      // Nimbus does not expect every JSON there.
      return Optional.empty();
    }
  }
}
