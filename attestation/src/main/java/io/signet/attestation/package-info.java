/**
 * Attestation: what a caller shows is evidence; what comes of it is a proof or a refusal. Nothing
 * here decides what a proven caller may have.
 */
@NullMarked
@CheckReturnValue
package io.signet.attestation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
