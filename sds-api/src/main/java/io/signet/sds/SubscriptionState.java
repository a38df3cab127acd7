package io.signet.sds;

import static java.util.Objects.requireNonNull;

import io.signet.sds.Deliveries.Due;
import io.signet.sds.Request.Delta;
import io.signet.sds.Request.Whole;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One stream: what it subscribed to, what it was sent and what it made of it (SDS-10 to SDS-20).
 * Pure and immutable: each event gives the next state and what to do about it.
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
   * @param known the versions by name that the subscriber has from an earlier stream (SDS-18)
   */
  public record Step(
      SubscriptionState next,
      Optional<Response> response,
      Optional<Answer> answer,
      Map<String, String> known) {
    public Step {
      requireNonNull(next, "next");
      known = Map.copyOf(known);
    }

    Step(SubscriptionState next, Optional<Response> response, Optional<Answer> answer) {
      this(next, response, answer, Map.of());
    }

    private Step knowing(Map<String, String> versions) {
      return new Step(next, response, answer, versions);
    }
  }

  /**
   * A state-of-the-world stream on which nothing was said yet.
   *
   * @param stream its name, the first part of its nonces
   */
  public static SubscriptionState stateOfTheWorld(String stream) {
    return new SubscriptionState(Interest.UNSTATED, Deliveries.none(stream, false));
  }

  /** The same of a delta stream, which is told of names without a secret too. */
  public static SubscriptionState delta(String stream) {
    return new SubscriptionState(Interest.UNSTATED, Deliveries.none(stream, true));
  }

  /** The subscriber sent a request, an ACK and a NACK included. */
  public Step requested(Request request, Catalog catalog) {
    return switch (request) {
      case Whole whole -> requested(whole, catalog);
      case Delta delta -> requested(delta, catalog);
    };
  }

  private Step requested(Whole request, Catalog catalog) {
    if (isSubscription(request)) {
      return subscribed(request, catalog);
    }
    String nonce = answered(request);
    Optional<Answer> answer = deliveries.answer(nonce, request.error());
    Deliveries received = answer.map(deliveries::received).orElse(deliveries);
    if (!deliveries.isLatest(nonce)) {
      // SDS-12: its names are out of date; what it says about an older response is still true.
      return new Step(new SubscriptionState(interest, received), Optional.empty(), answer);
    }
    Interest newest = interest.replacedBy(request.names());
    return new SubscriptionState(newest, received.keeping(newest::covers)).send(catalog, answer);
  }

  // SDS-12. Before the first response no nonce can belong to this stream. An error without nonce
  // is no subscription: a subscriber that rejects for ever would be answered for ever.
  private boolean isSubscription(Whole request) {
    return deliveries.isFirst() || (request.nonce().isEmpty() && request.error().isEmpty());
  }

  private Step subscribed(Whole request, Catalog catalog) {
    Interest newest = interest.replacedBy(request.names());
    Deliveries forgotten = deliveries.keeping(_ -> false);
    return new SubscriptionState(newest, forgotten).send(catalog, Optional.empty());
  }

  // SDS-17: whatever it answers, what it subscribes to counts.
  private Step requested(Delta request, Catalog catalog) {
    Optional<Answer> answer = deliveries.answer(answered(request), request.error());
    Deliveries received = answer.map(deliveries::received).orElse(deliveries);
    Interest newest = interest.changedBy(request);
    Set<String> asked = new HashSet<>(request.subscribe());
    Deliveries kept = received.keeping(name -> newest.covers(name) && !asked.contains(name));
    Map<String, String> known =
        interest.equals(Interest.UNSTATED) ? fromBefore(request, newest, catalog) : Map.of();
    return new SubscriptionState(newest, kept.known(known)).send(catalog, answer).knowing(known);
  }

  // SDS-18: names that are gone are told of, whether subscribed to or not; of the others those that
  // nobody asked for again by name are not sent once more.
  private static Map<String, String> fromBefore(Delta request, Interest newest, Catalog catalog) {
    Map<String, String> known = new HashMap<>(request.known());
    known.keySet().removeAll(request.subscribe());
    known.keySet().removeIf(name -> !newest.covers(name) && catalog.secret(name).isPresent());
    return known;
  }

  private String answered(Request request) {
    boolean isOfTheLast = request.nonce().isEmpty() && request.error().isPresent();
    return isOfTheLast ? deliveries.latestNonce() : request.nonce();
  }

  /** The secrets of the caller changed. */
  public Step changed(Catalog catalog) {
    return send(catalog, Optional.empty());
  }

  /**
   * The state if these secrets of the last response were not sent after all: they are not tried
   * again until something changes (SDS-5), and no ACK counts for them.
   */
  public SubscriptionState withheld(Set<String> names) {
    return new SubscriptionState(interest, deliveries.withheld(names));
  }

  /** The secret that each subscribed name has now. */
  public Wants wants(Catalog catalog) {
    return catalog.wants(interest.in(catalog));
  }

  /** How many names it is subscribed to. */
  public int size() {
    return interest.names().size();
  }

  private Step send(Catalog catalog, Optional<Answer> answer) {
    Due due = deliveries.due(interest.in(catalog), catalog);
    if (due.isEmpty()) {
      return new Step(this, Optional.empty(), answer);
    }
    Deliveries sent = deliveries.sent(due, catalog);
    return new Step(new SubscriptionState(interest, sent), Optional.of(sent.response(due)), answer);
  }
}
