/**
 * Envoy's Secret Discovery Service, version 3: bytes to values and back. What is sent, and when, is
 * decided in {@link io.signet.sds}; {@code SDS-n} and {@code AUTH-n} in comments are the project's
 * requirement numbers.
 */
@NullMarked
@CheckReturnValue
package io.signet.sds.envoy;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
