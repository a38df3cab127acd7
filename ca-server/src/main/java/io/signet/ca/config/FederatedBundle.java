package io.signet.ca.config;

import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;

/**
 * Another trust domain whose identities are believed where its bundle is asked for.
 *
 * @param trustDomain not ours
 * @param bundleFile its authorities as PEM, read again when it changes
 */
public record FederatedBundle(TrustDomain trustDomain, Path bundleFile) {
  void requireBeside(TrustDomain own) {
    InvalidValueException.require(
        !trustDomain.equals(own), "federation", trustDomain, "a trust domain other than ours");
  }
}
