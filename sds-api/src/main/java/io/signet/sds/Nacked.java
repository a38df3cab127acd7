package io.signet.sds;

import java.time.Instant;

/** The error is the peer's, for people only, and may be about another secret (SDS-9). */
public record Nacked(String version, Instant at, String error) {}
