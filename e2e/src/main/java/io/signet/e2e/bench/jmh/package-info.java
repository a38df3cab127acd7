/** What JMH runs, in processes of its own. */
@NullMarked
@CheckReturnValue
package io.signet.e2e.bench.jmh;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
