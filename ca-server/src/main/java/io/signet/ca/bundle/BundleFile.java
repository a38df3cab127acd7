package io.signet.ca.bundle;

import io.signet.spiffe.TrustDomain;
import java.nio.file.Path;

/**
 * Where the bundle of another trust domain is.
 *
 * @param file its authorities as PEM; looked up by its name each time, so that a rename or a link
 *     that is turned elsewhere counts
 */
public record BundleFile(TrustDomain trustDomain, Path file) {}
