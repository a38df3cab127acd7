@NullMarked
package io.signet.e2e.bench;

import org.jspecify.annotations.NullMarked;
