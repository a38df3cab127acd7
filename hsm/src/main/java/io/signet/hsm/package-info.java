/**
 * The custody of private keys: who keeps them, and the power to sign that is handed out instead of
 * them.
 *
 * <p>{@code KC-n}, {@code P11-n}, {@code PROF-n} and {@code CT-n} in comments are the project's
 * requirement numbers.
 */
@NullMarked
@CheckReturnValue
package io.signet.hsm;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
