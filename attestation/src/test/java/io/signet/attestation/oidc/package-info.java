@NullMarked
@CheckReturnValue
package io.signet.attestation.oidc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
