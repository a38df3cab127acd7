/** The offline root: what it signs by hand, and the transcript of it. */
@NullMarked
@CheckReturnValue
package io.signet.ca.ceremony;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
