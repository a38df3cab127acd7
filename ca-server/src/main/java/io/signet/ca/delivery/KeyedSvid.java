package io.signet.ca.delivery;

import io.signet.hsm.soft.ExportableKey;
import io.signet.spiffe.X509Svid;
import java.time.Instant;

/**
 * An SVID for a key of our own making, and when the next one is due.
 *
 * @param generation of the root above it
 */
record KeyedSvid(ExportableKey key, X509Svid svid, int generation, Instant renewAt) {}
