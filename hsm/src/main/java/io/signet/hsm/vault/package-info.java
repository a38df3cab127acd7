/**
 * Keys in the Transit engine of HashiCorp Vault or OpenBao, and its PKI engine as a CA above ours,
 * both reached through the HTTP API.
 */
@NullMarked
@CheckReturnValue
package io.signet.hsm.vault;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
