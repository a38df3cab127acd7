/**
 * The delivery of secrets, pure: what a subscriber asked for, was sent and has acknowledged. No
 * network and no threads.
 */
@NullMarked
@CheckReturnValue
package io.signet.sds;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
