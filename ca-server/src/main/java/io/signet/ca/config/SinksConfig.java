package io.signet.ca.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where else the trust bundle goes.
 *
 * @param bundleFile a PEM file that is kept current
 */
public record SinksConfig(Optional<Path> bundleFile) {}
