/** TLS of whatever serves workloads: the server's own certificate as it is now, any client's. */
@NullMarked
@CheckReturnValue
package io.signet.ca.tls;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
