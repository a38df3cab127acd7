package io.signet.sds;

import java.time.Instant;

/** A version, and since when. */
public record Moment(String version, Instant at) {}
