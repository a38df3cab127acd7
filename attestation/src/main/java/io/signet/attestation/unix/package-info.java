/** Attestation of processes on this machine by the user that the kernel says they run as. */
@NullMarked
@CheckReturnValue
package io.signet.attestation.unix;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
