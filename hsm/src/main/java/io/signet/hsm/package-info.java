/**
 * The custody of private keys: who keeps them, and the power to sign that is handed out instead of
 * them.
 */
@NullMarked
@CheckReturnValue
package io.signet.hsm;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
