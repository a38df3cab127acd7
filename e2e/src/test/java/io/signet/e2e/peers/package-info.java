/**
 * Starts the real programs that Signet talks to, on loopback and from a cache that {@code
 * e2e/peers/fetch} fills, and stops them again.
 */
@NullMarked
package io.signet.e2e.peers;

import org.jspecify.annotations.NullMarked;
