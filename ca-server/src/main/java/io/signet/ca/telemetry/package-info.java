/**
 * What the program tells of itself: metrics, and the audit of every decision. It listens behind
 * interfaces that its callers own; nothing depends on it.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.telemetry;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
