/** Certificates and requests as bytes: the only user of Bouncy Castle. */
@NullMarked
@CheckReturnValue
package io.signet.ca.x509;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
