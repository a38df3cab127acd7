/** The root in its custodian, and the issuing authority that it signs. */
@NullMarked
@CheckReturnValue
package io.signet.ca.authority;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
