package io.signet.ca.http;

import io.signet.sds.Condition;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One open stream, and how it stands with each name that it is subscribed to; nothing secret.
 *
 * @param stream tells it from others of its listener
 * @param node what the peer calls itself; informs and is never identity (SDS-3)
 * @param identity what was proved about the caller
 * @param instance tells it from others of that identity; empty where they cannot be told apart
 * @param listener where it came in; empty where that is not known
 * @param secrets one for each name
 */
public record SubscriberStatus(
    String stream,
    String node,
    String identity,
    String instance,
    String listener,
    List<Held> secrets) {

  public SubscriberStatus {
    secrets = List.copyOf(secrets);
  }

  /** Whether it lacks the newest version of anything that there is for it. */
  public boolean isBehind() {
    return secrets.stream().anyMatch(held -> held.state().isBehind());
  }

  /**
   * One secret as one peer has it.
   *
   * @param version which the state is about
   * @param since when that version came into the state, where that is known
   * @param nacks how often the peer refused anything under this name
   * @param nack why it did so last, if it has acknowledged nothing since; the peer's words
   */
  public record Held(
      String name,
      Condition state,
      Optional<String> version,
      Optional<Instant> since,
      long nacks,
      Optional<String> nack) {}
}
