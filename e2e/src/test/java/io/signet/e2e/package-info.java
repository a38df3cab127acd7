/**
 * Signet as its users meet it: the real program in a process of its own, between real peers. Each
 * test cites the requirement that it shows to hold.
 */
@NullMarked
package io.signet.e2e;

import org.jspecify.annotations.NullMarked;
