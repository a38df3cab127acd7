/** Keys in a hardware security module, reached through PKCS#11. */
@NullMarked
@CheckReturnValue
package io.signet.hsm.pkcs11;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
