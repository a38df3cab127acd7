package io.signet.attestation;

import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.util.regex.Pattern;

/**
 * A Kubernetes service account by its two names.
 *
 * @param namespace a DNS-1123 label: 1 to 63 of {@code a-z 0-9 -}, no {@code -} at either end
 * @param name a DNS-1123 subdomain: such labels joined by {@code .}, at most 253 characters
 */
public record ServiceAccountName(String namespace, String name) {

  private static final String PREFIX = "system:serviceaccount:";
  private static final String ALPHANUMERIC_ENDS = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final Pattern LABEL = Pattern.compile(ALPHANUMERIC_ENDS);
  private static final Pattern SUBDOMAIN =
      Pattern.compile(ALPHANUMERIC_ENDS + "(\\." + ALPHANUMERIC_ENDS + ")*");
  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_SUBDOMAIN = 253;

  /**
   * @throws IllegalArgumentException if Kubernetes would not allow one of the names
   */
  public ServiceAccountName {
    // The length first: the pattern of a subdomain is not for arbitrarily long input.
    if (namespace.length() > LONGEST_LABEL || !LABEL.matcher(namespace).matches()) {
      throw refused(
          "namespace", namespace, "a DNS-1123 label: 1 to 63 of a-z 0-9 -, no - at either end");
    }
    if (name.length() > LONGEST_SUBDOMAIN || !SUBDOMAIN.matcher(name).matches()) {
      throw refused(
          "service account", name, "a DNS-1123 subdomain: at most 253 of a-z 0-9 - and . between");
    }
  }

  /**
   * Reads {@code system:serviceaccount:NAMESPACE:NAME}: the user name that Kubernetes gives the
   * account, and the {@code sub} of its tokens (K8S-6).
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static ServiceAccountName parse(String username) {
    String[] parts = username.split(":", -1);
    if (parts.length != 4 || !username.startsWith(PREFIX)) {
      throw refused("user", username, PREFIX + "NAMESPACE:NAME");
    }
    return new ServiceAccountName(parts[2], parts[3]);
  }

  /**
   * Reads {@code spiffe://TD/ns/NAMESPACE/sa/NAME}, of any trust domain (ISTIO-16).
   *
   * @throws IllegalArgumentException if the path is anything else
   */
  public static ServiceAccountName of(SpiffeId id) {
    String[] segments = id.path().split("/", -1);
    if (segments.length != 5 || !segments[1].equals("ns") || !segments[3].equals("sa")) {
      throw refused("identity", id.toString(), "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME");
    }
    return new ServiceAccountName(segments[2], segments[4]);
  }

  /**
   * Its identity, {@code spiffe://TD/ns/NAMESPACE/sa/NAME} (K8S-8, ISTIO-16). Istio's replacement
   * of {@code @} in the trust domain has nothing to do here: a {@link TrustDomain} holds none.
   */
  public SpiffeId in(TrustDomain trustDomain) {
    return SpiffeId.of(trustDomain, "ns", namespace, "sa", name);
  }

  /** The user name that {@link #parse} reads. */
  @Override
  public String toString() {
    return PREFIX + namespace + ':' + name;
  }

  private static IllegalArgumentException refused(String what, String value, String expected) {
    return new IllegalArgumentException(
        "%s: \"%s\" (expected: %s)".formatted(what, value, expected));
  }
}
