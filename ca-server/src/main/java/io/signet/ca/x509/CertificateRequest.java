package io.signet.ca.x509;

import java.security.PublicKey;
import java.util.Optional;

/**
 * What is taken from a PKCS#10 request whose holder has proven to hold the key: the key, and the
 * one name that it may carry, which is only a wish.
 */
public record CertificateRequest(PublicKey publicKey, Optional<String> uri) {}
