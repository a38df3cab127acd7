@NullMarked
@CheckReturnValue
package io.signet.attestation.unix;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
