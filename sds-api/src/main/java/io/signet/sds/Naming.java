package io.signet.sds;

import static java.util.Objects.requireNonNull;

/**
 * The names of one listener beside the canonical ones, and the form of its bundles (NAME-1 to 3,
 * 7).
 *
 * @param defaultSvid the caller's first SVID
 * @param ownBundle the bundle of its own trust domain
 * @param allBundles that and the federated ones; if it is the name of the own bundle too, it means
 *     all
 */
public record Naming(String defaultSvid, String ownBundle, String allBundles, BundleForm form) {

  /** As Istio and Envoy's documentation have them. */
  public static final Naming STANDARD =
      new Naming("default", "ROOTCA", "ALL", BundleForm.TRUSTED_CA);

  public Naming {
    requireNonNull(defaultSvid, "defaultSvid");
    requireNonNull(ownBundle, "ownBundle");
    requireNonNull(allBundles, "allBundles");
    requireNonNull(form, "form");
  }

  public Naming in(BundleForm other) {
    return new Naming(defaultSvid, ownBundle, allBundles, other);
  }
}
