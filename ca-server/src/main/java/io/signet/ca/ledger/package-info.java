/** The append-only record of issuance: first the intent, then the result. */
@NullMarked
@CheckReturnValue
package io.signet.ca.ledger;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
