/**
 * Who calls, judged alike however the call came: what is shown of a caller, where it calls from,
 * and the one place where refusals become statuses.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.caller;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
