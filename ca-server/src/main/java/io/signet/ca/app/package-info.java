/**
 * The composition root: the only package that chooses custodians and attestors, imported by nobody.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.app;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
