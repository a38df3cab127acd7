/**
 * The values of SPIFFE: names, certificates, bundles and secrets that cannot exist in a wrong
 * state.
 *
 * <p>Everything here is thread-safe, needs nothing but the JDK and does no input or output; all is
 * immutable but {@link SecretBytes}, which can be destroyed. A bad value is refused with an {@link
 * IllegalArgumentException} that names it and says what was expected. {@code SPIFFE-n}, {@code
 * PROF-n} and {@code SER-n} in comments are the project's requirement numbers.
 */
@NullMarked
@CheckReturnValue
package io.signet.spiffe;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
