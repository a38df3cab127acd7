package io.signet.ca.grpc;

import java.time.Duration;
import java.util.Optional;

/**
 * How long connections may live, and how often clients may ping.
 *
 * @param permitKeepAlive the shortest time between two pings of a client; who pings more often is
 *     disconnected
 * @param maxAge after which a client is asked to connect anew, to spread clients over replicas
 *     (ISTIO-36); empty for no limit
 * @param maxAgeGrace for the calls that are open then; without it streams would never end (SET-2)
 */
public record ConnectionPolicy(
    Duration permitKeepAlive, Optional<Duration> maxAge, Duration maxAgeGrace) {

  /**
   * Lets clients ping every 10 s (SET-1; Istio's do every 30 s, ISTIO-36) and takes connections of
   * any age. The permit is a second shorter than that: pings sent 10 s apart may arrive closer to
   * each other, and an idle connection is closed at the third that does.
   */
  public static ConnectionPolicy standard() {
    return new ConnectionPolicy(Duration.ofSeconds(9), Optional.empty(), Duration.ofSeconds(30));
  }
}
