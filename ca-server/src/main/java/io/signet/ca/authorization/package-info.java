/** Which identities a proven caller may hold, and for how long. */
@NullMarked
@CheckReturnValue
package io.signet.ca.authorization;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
