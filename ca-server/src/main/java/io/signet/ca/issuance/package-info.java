/** A certificate request's journey, from evidence to a signed SVID (docs/issuance.md). */
@NullMarked
@CheckReturnValue
package io.signet.ca.issuance;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
