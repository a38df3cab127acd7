package io.signet.sds;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The secrets that one caller may have, at one moment: its SVIDs, the first of them its default,
 * and the bundles it may trust, the first of them its own trust domain's. Either list may be empty
 * while there is nothing yet. Immutable.
 */
public record Snapshot(List<TlsCertificate> svids, List<ValidationContext> bundles) {

  /** Nothing yet. */
  public static final Snapshot EMPTY = new Snapshot(List.of(), List.of());

  private static final String DEFAULT_SVID = "default";
  private static final String OWN_BUNDLE = "ROOTCA";

  public Snapshot {
    svids = List.copyOf(svids);
    bundles = List.copyOf(bundles);
  }

  /**
   * The secret of this name: {@code default}, {@code ROOTCA}, or the SPIFFE ID of an SVID or a
   * trust domain (NAME-1, 2, 4). A name that the caller may not have looks like one that does not
   * exist (SDS-6).
   */
  public Optional<Secret> secret(String name) {
    return switch (name) {
      case DEFAULT_SVID -> svids.stream().<Secret>map(svid -> svid).findFirst();
      case OWN_BUNDLE -> bundles.stream().<Secret>map(bundle -> bundle).findFirst();
      default -> secrets().filter(secret -> canonicalName(secret).equals(name)).findFirst();
    };
  }

  /** The canonical names, as a wildcard subscription gets them (SDS-15). */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    secrets().forEach(secret -> names.add(canonicalName(secret)));
    return names;
  }

  /** The versions of all secrets: equal lists mean that nothing changed for the caller. */
  List<String> versions() {
    return secrets().map(Secret::version).toList();
  }

  /** Whether a wildcard could ever stand for this name: it does not for an alias. */
  static boolean isCanonical(String name) {
    return !name.equals(DEFAULT_SVID) && !name.equals(OWN_BUNDLE);
  }

  private Stream<Secret> secrets() {
    return Stream.concat(svids.stream(), bundles.stream());
  }

  private static String canonicalName(Secret secret) {
    return switch (secret) {
      case TlsCertificate certificate -> certificate.svid().id().toString();
      case ValidationContext context -> context.bundle().trustDomain().id().toString();
    };
  }
}
