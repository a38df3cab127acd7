/** Feeds SVIDs and bundles to subscribers, renewed in good time. */
@NullMarked
@CheckReturnValue
package io.signet.ca.delivery;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
