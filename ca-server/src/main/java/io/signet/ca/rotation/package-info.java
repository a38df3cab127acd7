/** The change of a root, phase by phase, each only when everybody who must has followed. */
@NullMarked
@CheckReturnValue
package io.signet.ca.rotation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
