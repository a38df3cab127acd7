/** Signs what was linted and recorded before, and nothing else (issuance-safety, section 1). */
@NullMarked
@CheckReturnValue
package io.signet.ca.signing;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
