/** What tests of several packages start from. */
@NullMarked
package io.signet.ca.testing;

import org.jspecify.annotations.NullMarked;
