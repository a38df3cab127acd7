package io.signet.ca.rotation;

import java.time.Duration;
import java.util.Optional;

/**
 * How rotations are gone through.
 *
 * @param approval whether each phase begins only after a person has approved it
 * @param startBefore how long before the active authority's end the next rotation begins by itself;
 *     empty: only when somebody asks
 * @param deadline after how long a phase that waits for others is an alarm
 * @param longestLife of what an authority signs for others, which the phase that waits for its end
 *     is granted besides
 * @param compromisedDeadline after how long a phase goes on without those who lag behind, when the
 *     old key is in wrong hands
 * @param destroy whether the key of an authority that is over is destroyed
 */
public record RotationPolicy(
    boolean approval,
    Optional<Duration> startBefore,
    Duration deadline,
    Duration longestLife,
    Duration compromisedDeadline,
    boolean destroy) {}
