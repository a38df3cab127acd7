/** The contract of an attestor and its fake, for whoever implements or uses one. */
@NullMarked
@CheckReturnValue
package io.signet.attestation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
