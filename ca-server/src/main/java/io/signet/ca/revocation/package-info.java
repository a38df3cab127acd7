/** What is revoked and who is denied, and the CRLs that say so (docs/revocation.md). */
@NullMarked
@CheckReturnValue
package io.signet.ca.revocation;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
