/** Custodians without a device: keys in memory, and keys in encrypted files for development. */
@NullMarked
@CheckReturnValue
package io.signet.hsm.soft;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
