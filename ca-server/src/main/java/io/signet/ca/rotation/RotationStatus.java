package io.signet.ca.rotation;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Where the rotation stands, for people.
 *
 * @param at when it was so
 * @param waits what it waits for, in words; none when it goes on by itself at once, or is steady
 * @param progress of those whom it waits for
 * @param deadline after which waiting is an alarm
 * @param alarms what a person should look at
 * @param approval whether it goes on only after a person has approved
 * @param nextStart when the next rotation begins by itself, if it is steady and one does
 * @param history the newest steps, the newest first
 */
public record RotationStatus(
    Instant at,
    RotationState state,
    List<String> waits,
    Progress progress,
    Optional<Instant> deadline,
    List<String> alarms,
    boolean approval,
    Optional<Instant> nextStart,
    List<JournalEntry> history) {

  public RotationStatus {
    waits = List.copyOf(waits);
    alarms = List.copyOf(alarms);
    history = List.copyOf(history);
  }
}
