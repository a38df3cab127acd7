/**
 * The commands of {@code signet}, as docs/reference.md describes them. Everything a person reads
 * here says what failed, the value, and what was expected; nobody is shown a stack trace.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.cli;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
