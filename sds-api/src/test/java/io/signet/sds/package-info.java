@NullMarked
@CheckReturnValue
package io.signet.sds;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
