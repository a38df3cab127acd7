@NullMarked
@CheckReturnValue
package io.signet.sds.envoy;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
