package io.signet.ca.authorization;

import io.signet.spiffe.SpiffeId;
import java.time.Duration;

/** What a proven caller gets: this identity, for this long at most. */
public record Grant(SpiffeId id, Duration lifetime) {}
