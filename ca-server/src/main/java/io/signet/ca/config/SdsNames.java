package io.signet.ca.config;

import java.util.List;

/**
 * What the secrets of a listener are called besides their SPIFFE IDs, and the form of its bundles
 * (NAME-1 to NAME-3, NAME-7).
 *
 * @param defaultSvid the caller's own SVID
 * @param ownBundle the bundle of our trust domain; all bundles where it is {@code allBundles} too,
 *     as Istio's federation needs it
 * @param allBundles the bundles of our trust domain and of all federated ones
 * @param form of both bundles
 */
public record SdsNames(String defaultSvid, String ownBundle, String allBundles, BundleForm form) {

  /** How a bundle is told to Envoy. */
  public enum BundleForm {
    /** As {@code trusted_ca}. */
    TRUSTED_CA,
    /** For the SPIFFE certificate validator. */
    SPIFFE_VALIDATOR
  }

  /** What the default SVID may not share with a bundle, for messages. */
  static final String DISTINCT = "default-svid other than own-bundle and all-bundles";

  // Names that say by themselves what they are of, whatever a listener calls its own (NAME-4,
  // NAME-5).
  private static final List<String> TAKEN =
      List.of("spiffe://", "naming://", "file-cert:", "file-root:");

  /**
   * @throws IllegalArgumentException if one may not be a name, or the SVID is called as a bundle is
   */
  public SdsNames {
    requireName("default-svid", defaultSvid);
    requireName("own-bundle", ownBundle);
    requireName("all-bundles", allBundles);
    InvalidValueException.require(
        areDistinct(defaultSvid, ownBundle, allBundles), "default-svid", defaultSvid, DISTINCT);
  }

  /** Whether this may be the name of a secret on a listener. */
  static boolean isName(String text) {
    return !text.isEmpty() && !text.equals("*") && TAKEN.stream().noneMatch(text::startsWith);
  }

  /** Whether no name means both an SVID and a bundle. */
  static boolean areDistinct(String defaultSvid, String ownBundle, String allBundles) {
    return !defaultSvid.equals(ownBundle) && !defaultSvid.equals(allBundles);
  }

  private static void requireName(String key, String name) {
    InvalidValueException.require(isName(name), key, name, Key.Form.SECRET_NAME);
  }
}
