/**
 * Attestation by tokens that a trusted issuer signed, checked here with its public keys; and the
 * making of such tokens for development.
 */
@NullMarked
@CheckReturnValue
package io.signet.attestation.oidc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
