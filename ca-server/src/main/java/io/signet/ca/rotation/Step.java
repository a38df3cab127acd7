package io.signet.ca.rotation;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What comes next in a rotation. */
sealed interface Step {

  /** The next phase begins. */
  record MoveOn(RotationState to, String reason) implements Step {}

  /** The key of the next generation is to be made, and its certificate; then look again. */
  record Make(Generation next) implements Step {}

  /**
   * Nobody is to believe what this key has signed for CAs below it, and all who ask are told; then
   * look again.
   */
  record Revoke(Generation compromised) implements Step {}

  /** This key is to be destroyed, and then the next state begins. */
  record Destroy(Generation doomed, RotationState then) implements Step {}

  /**
   * Nothing is to be done now.
   *
   * @param what it waits for, in words; none if it is steady
   * @param who it waits for
   * @param deadline after which waiting is an alarm
   * @param alarms what a person should look at
   * @param approval whether a person has to approve
   */
  record Wait(
      List<String> what,
      Progress who,
      Optional<Instant> deadline,
      List<String> alarms,
      boolean approval)
      implements Step {

    static final Wait NOTHING =
        new Wait(List.of(), Progress.NONE, Optional.empty(), List.of(), false);
  }
}
