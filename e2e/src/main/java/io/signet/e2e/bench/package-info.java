/** Measures a real server, from outside and step by step (docs/benchmarks.md). */
@NullMarked
@CheckReturnValue
package io.signet.e2e.bench;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
