/** The operator plane: HTTP for people, probes and monitoring. */
@NullMarked
@CheckReturnValue
package io.signet.ca.http;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
