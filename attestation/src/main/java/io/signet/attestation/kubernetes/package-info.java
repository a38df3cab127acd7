/**
 * Attestation of service accounts by the tokens of their cluster: by asking its API server about
 * each, or by its own rules from what it tells us.
 */
@NullMarked
@CheckReturnValue
package io.signet.attestation.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
