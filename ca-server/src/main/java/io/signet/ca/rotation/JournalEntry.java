package io.signet.ca.rotation;

import java.time.Instant;

/**
 * One step of a rotation, recorded before what follows from it is done.
 *
 * @param number 1 for the first, and one more for each
 * @param by who made the step: an administrator, or {@code signet}
 * @param reason why, for people
 */
public record JournalEntry(
    long number, Instant at, String by, String reason, RotationState state) {}
