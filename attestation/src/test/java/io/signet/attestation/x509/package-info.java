@NullMarked
@CheckReturnValue
package io.signet.attestation.x509;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
