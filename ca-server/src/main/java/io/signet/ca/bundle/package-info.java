/** The bundles of other trust domains, kept as their files are. */
@NullMarked
@CheckReturnValue
package io.signet.ca.bundle;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
