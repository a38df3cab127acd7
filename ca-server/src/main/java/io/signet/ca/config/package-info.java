/**
 * What the configuration file says, as values that cannot exist in a wrong state.
 *
 * <p>{@link io.signet.ca.config.SignetConfig#load} is the door. {@link io.signet.ca.config.Key} is
 * the catalogue of all keys; {@code docs/reference.md} is held to it by a test.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.config;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
