/** The ledger and the authorities in SQL. */
@NullMarked
@CheckReturnValue
package io.signet.ca.store;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
