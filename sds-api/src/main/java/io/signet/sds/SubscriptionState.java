package io.signet.sds;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One state-of-the-world stream: what it subscribed to, what it was sent and what it made of it
 * (SDS-10 to SDS-16). Pure and immutable: each event gives the next state and what to do about it.
 */
public final class SubscriptionState {
  private final Interest interest;
  private final Deliveries deliveries;

  private SubscriptionState(Interest interest, Deliveries deliveries) {
    this.interest = interest;
    this.deliveries = deliveries;
  }

  /**
   * What an event leads to.
   *
   * @param next the state from here on, to be kept before the response is sent
   * @param response to be sent, if any
   * @param answer what the request said about an earlier response, if anything
   */
  public record Step(SubscriptionState next, Optional<Response> response, Optional<Answer> answer) {
    public Step {
      requireNonNull(next, "next");
    }
  }

  /**
   * A stream on which nothing was said yet.
   *
   * @param stream its name, the first part of its nonces
   */
  public static SubscriptionState initial(String stream) {
    return new SubscriptionState(Interest.UNSTATED, Deliveries.none(stream));
  }

  /** The subscriber sent a request, an ACK and a NACK included. */
  public Step requested(Request request, Snapshot snapshot) {
    if (isSubscription(request)) {
      return subscribed(request, snapshot);
    }
    String nonce = request.nonce().isEmpty() ? deliveries.latestNonce() : request.nonce();
    Optional<Answer> answer = deliveries.answer(nonce, request.error());
    Deliveries received = answer.map(deliveries::received).orElse(deliveries);
    if (!deliveries.isLatest(nonce)) {
      // SDS-12: its names are out of date; what it says about an older response is still true.
      return new Step(new SubscriptionState(interest, received), Optional.empty(), answer);
    }
    Interest newest = interest.replacedBy(request.names());
    return new SubscriptionState(newest, received.keeping(newest::covers)).send(snapshot, answer);
  }

  /** The secrets of the caller changed. */
  public Step changed(Snapshot snapshot) {
    return send(snapshot, Optional.empty());
  }

  /**
   * The state if these secrets of the last response were not sent after all: they are not tried
   * again until something changes (SDS-5), and no ACK counts for them.
   */
  public SubscriptionState withheld(Set<String> names) {
    return new SubscriptionState(interest, deliveries.withheld(names));
  }

  /** The names subscribed to, whether there is a secret for them or not. */
  public Set<String> names(Snapshot snapshot) {
    return interest.in(snapshot);
  }

  // SDS-12. Before the first response no nonce can belong to this stream. An error without nonce
  // is no subscription: a subscriber that rejects for ever would be answered for ever.
  private boolean isSubscription(Request request) {
    return deliveries.isFirst() || (request.nonce().isEmpty() && request.error().isEmpty());
  }

  private Step subscribed(Request request, Snapshot snapshot) {
    Interest newest = interest.replacedBy(request.names());
    Deliveries forgotten = deliveries.keeping(_ -> false);
    return new SubscriptionState(newest, forgotten).send(snapshot, Optional.empty());
  }

  private Step send(Snapshot snapshot, Optional<Answer> answer) {
    Map<String, Secret> due = deliveries.due(interest.in(snapshot), snapshot);
    if (due.isEmpty()) {
      return new Step(this, Optional.empty(), answer);
    }
    Deliveries sent = deliveries.sent(due, snapshot);
    return new Step(new SubscriptionState(interest, sent), Optional.of(sent.response(due)), answer);
  }
}
