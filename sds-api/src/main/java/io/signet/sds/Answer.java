package io.signet.sds;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/** How a subscriber received what it was sent (SDS-11). */
public sealed interface Answer {

  /** The version received under each name. One error stands for all of them (SDS-9). */
  Map<String, String> versions();

  /** Taken over. No proof that a certificate is in use (SDS-9). */
  record Ack(Map<String, String> versions) implements Answer {
    public Ack {
      versions = Map.copyOf(versions);
    }
  }

  /**
   * Refused.
   *
   * @param error for people; shortened and made printable, never to be parsed
   */
  record Nack(Map<String, String> versions, String error) implements Answer {
    public Nack {
      versions = Map.copyOf(versions);
      error = Printable.text(requireNonNull(error, "error"));
    }
  }
}
