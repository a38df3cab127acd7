package io.signet.ca.config;

import io.signet.ca.config.KeysConfig.VaultEngine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the root is, and how long certificate authorities live.
 *
 * @param root where it is
 * @param rootLifetime of a root of our own
 * @param issuingLifetime of an issuing authority; less than the root's
 */
public record AuthorityConfig(Root root, Duration rootLifetime, Duration issuingLifetime) {

  /** Where the root is. */
  public sealed interface Root {

    /** It is our own, and made at the first start. */
    record Own() implements Root {}

    /** What was brought by {@code signet authority import}: a root, or a CA below one. */
    record Imported() implements Root {}

    /** In a service that signs each issuing authority for us. */
    sealed interface Upstream extends Root {
      /** Whom to trust, PEM. */
      Path rootsFile();
    }

    /**
     * In the PKI engine of a Vault or OpenBao, or above it.
     *
     * @param issuer its name or id; absent: the engine's default
     */
    record InVault(VaultEngine engine, Optional<String> issuer, Path rootsFile)
        implements Upstream {}

    /**
     * In another Signet, or above it.
     *
     * @param address of its workload plane, whose certificate is below the roots
     * @param cluster the cluster that the token is of
     */
    record InSignet(Address address, Path tokenFile, String cluster, Path rootsFile)
        implements Upstream {}
  }

  /**
   * @throws IllegalArgumentException if an issuing authority would outlive its root
   */
  public AuthorityConfig {
    InvalidValueException.require(
        !(root instanceof Root.Own) || issuingLifetime.compareTo(rootLifetime) < 0,
        Key.AUTHORITY_ISSUING_LIFETIME.path(),
        Durations.format(issuingLifetime),
        "less than authority.root-lifetime, which is " + Durations.format(rootLifetime));
  }

  /** Whether a person brings the CA. */
  public boolean isImported() {
    return root instanceof Root.Imported;
  }
}
