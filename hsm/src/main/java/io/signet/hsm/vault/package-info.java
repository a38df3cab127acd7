/** Keys in the Transit engine of HashiCorp Vault or OpenBao, reached through its HTTP API. */
@NullMarked
@CheckReturnValue
package io.signet.hsm.vault;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
