package io.signet.sds;

import static java.util.stream.Collectors.toUnmodifiableMap;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What was last sent on one stream under each name, and how it was received: the part of the state
 * that does not depend on how names are subscribed. Immutable.
 *
 * @param stream makes the nonces of this stream differ from those of others
 * @param responses how many responses were made so far
 */
record Deliveries(String stream, long responses, Map<String, Delivery> last) {

  /** How a subscriber received a secret; of these, the last two keep it from being sent again. */
  private enum Reception {
    AWAITED,
    ACCEPTED,
    REJECTED,
    WITHHELD
  }

  /**
   * One secret as it was sent.
   *
   * @param surroundings the versions of all secrets of the caller at that moment
   */
  record Delivery(String version, String nonce, List<String> surroundings, Reception reception) {

    // SDS-13: rejected content is worth another try once other content has changed, for the
    // rejection does not say which of the two was at fault (SDS-9).
    private boolean isOutdated(String current, List<String> surroundingsNow) {
      return !version.equals(current) || (isHeld() && !surroundings.equals(surroundingsNow));
    }

    private boolean isHeld() {
      return reception == Reception.REJECTED || reception == Reception.WITHHELD;
    }

    private Delivery received(Reception as) {
      return new Delivery(version, nonce, surroundings, as);
    }
  }

  static Deliveries none(String stream) {
    return new Deliveries(stream, 0, Map.of());
  }

  boolean isFirst() {
    return responses == 0;
  }

  boolean isLatest(String nonce) {
    return nonce.equals(latestNonce());
  }

  String latestNonce() {
    return nonceOf(responses);
  }

  /** The secrets among these names that the subscriber does not have yet. Missing ones are not. */
  Map<String, Secret> due(Set<String> names, Snapshot snapshot) {
    List<String> surroundings = snapshot.versions();
    var due = new LinkedHashMap<String, Secret>();
    for (String name : names) {
      snapshot
          .secret(name)
          .filter(secret -> isDue(name, secret, surroundings))
          .ifPresent(secret -> due.put(name, secret));
    }
    return due;
  }

  private boolean isDue(String name, Secret secret, List<String> surroundings) {
    Delivery delivery = last.get(name);
    return delivery == null || delivery.isOutdated(secret.version(), surroundings);
  }

  /** With these on their way under the next nonce. */
  Deliveries sent(Map<String, Secret> secrets, Snapshot snapshot) {
    long next = responses + 1;
    List<String> surroundings = snapshot.versions();
    var sent = new HashMap<>(last);
    secrets.forEach((name, secret) ->
        sent.put(
            name, new Delivery(secret.version(), nonceOf(next), surroundings, Reception.AWAITED)));
    return new Deliveries(stream, next, Map.copyOf(sent));
  }

  Response response(Map<String, Secret> secrets) {
    return new Response(latestNonce(), secrets);
  }

  /**
   * What a request says about the response of its nonce. Only the first ACK counts: the next
   * request with the same nonce may only change names, also after a NACK.
   */
  Optional<Answer> answer(String nonce, Optional<String> error) {
    return error.isPresent()
        ? some(nonce, delivery -> !delivery.isHeld()).map(sent -> new Nack(sent, error.get()))
        : some(nonce, delivery -> delivery.reception() == Reception.AWAITED).map(Ack::new);
  }

  private Optional<Map<String, String>> some(String nonce, Predicate<Delivery> open) {
    Map<String, String> versions =
        last.entrySet().stream()
            .filter(sent -> sent.getValue().nonce().equals(nonce) && open.test(sent.getValue()))
            .collect(toUnmodifiableMap(Map.Entry::getKey, sent -> sent.getValue().version()));
    return versions.isEmpty() ? Optional.empty() : Optional.of(versions);
  }

  Deliveries received(Answer answer) {
    return switch (answer) {
      case Ack ack -> received(ack.versions().keySet(), Reception.ACCEPTED);
      case Nack nack -> received(nack.versions().keySet(), Reception.REJECTED);
    };
  }

  /**
   * As if rejected, but by us. A response of which nothing is left was never sent, so that its
   * nonce is free again.
   */
  Deliveries withheld(Set<String> names) {
    Deliveries held = received(names, Reception.WITHHELD);
    return held.some(latestNonce(), delivery -> !delivery.isHeld()).isPresent()
        ? held
        : new Deliveries(stream, responses - 1, held.last);
  }

  private Deliveries received(Set<String> names, Reception as) {
    var received = new HashMap<>(last);
    names.forEach(name -> received.computeIfPresent(name, (_, sent) -> sent.received(as)));
    return new Deliveries(stream, responses, Map.copyOf(received));
  }

  /** Without the names that nobody wants any more: they are answered when they come back. */
  Deliveries keeping(Predicate<String> wanted) {
    var kept = new HashMap<>(last);
    kept.keySet().removeIf(wanted.negate());
    return new Deliveries(stream, responses, Map.copyOf(kept));
  }

  private String nonceOf(long response) {
    return stream + "-" + response;
  }
}
