/** Attestation by the client certificate of a TLS connection, which is an SVID of ours. */
@NullMarked
@CheckReturnValue
package io.signet.attestation.x509;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
