@NullMarked
@CheckReturnValue
package io.signet.attestation.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
