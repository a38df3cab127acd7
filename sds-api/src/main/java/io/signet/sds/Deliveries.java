package io.signet.sds;

import static java.util.stream.Collectors.toUnmodifiableMap;

import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
 * @param tellsAbsence whether a name without a secret is answered too, as on delta streams
 * @param responses how many responses were made so far
 */
record Deliveries(String stream, boolean tellsAbsence, long responses, Map<String, Delivery> last) {

  /** How a subscriber received a secret; of these, the last two keep it from being sent again. */
  private enum Reception {
    AWAITED,
    ACCEPTED,
    REJECTED,
    WITHHELD
  }

  /**
   * One secret as it was sent, or that there is none.
   *
   * @param surroundings the versions of all secrets of the caller at that moment
   */
  record Delivery(String version, String nonce, List<String> surroundings, Reception reception) {
    private static final String ABSENT = "";

    // SDS-13: rejected content is worth another try once other content has changed, for the
    // rejection does not say which of the two was at fault (SDS-9).
    private boolean isOutdated(String current, List<String> surroundingsNow) {
      return !version.equals(current) || (isHeld() && !surroundings.equals(surroundingsNow));
    }

    private boolean isHeld() {
      return reception == Reception.REJECTED || reception == Reception.WITHHELD;
    }

    private boolean isOfSecret() {
      return !version.equals(ABSENT);
    }

    private Delivery received(Reception as) {
      return new Delivery(version, nonce, surroundings, as);
    }
  }

  /** What a subscriber is to be told: secrets that it does not have, and names that have none. */
  record Due(Map<String, Secret> secrets, Set<String> removed) {
    boolean isEmpty() {
      return secrets.isEmpty() && removed.isEmpty();
    }
  }

  static Deliveries none(String stream, boolean tellsAbsence) {
    return new Deliveries(stream, tellsAbsence, 0, Map.of());
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

  /** What of these names, and of those told about before, the subscriber does not know yet. */
  Due due(Set<String> names, Catalog catalog) {
    List<String> surroundings = catalog.snapshot().versions();
    var due = new Due(new LinkedHashMap<>(), new LinkedHashSet<>());
    var all = new LinkedHashSet<>(names);
    all.addAll(last.keySet());
    for (String name : all) {
      Optional<Secret> secret = catalog.secret(name);
      if (secret.isPresent()) {
        if (names.contains(name) && isDue(name, secret.get(), surroundings)) {
          due.secrets().put(name, secret.get());
        }
      } else if (isRemovalDue(name, catalog)) {
        due.removed().add(name);
      }
    }
    return due;
  }

  private boolean isDue(String name, Secret secret, List<String> surroundings) {
    Delivery delivery = last.get(name);
    return delivery == null || delivery.isOutdated(secret.version(), surroundings);
  }

  private boolean isRemovalDue(String name, Catalog catalog) {
    Delivery delivery = last.get(name);
    return tellsAbsence && (delivery == null || delivery.isOfSecret()) && !catalog.isAwaited(name);
  }

  /** With this on its way under the next nonce. */
  Deliveries sent(Due due, Catalog catalog) {
    long next = responses + 1;
    List<String> surroundings = catalog.snapshot().versions();
    var sent = new HashMap<>(last);
    due.secrets()
        .forEach((name, secret) ->
            sent.put(
                name,
                new Delivery(secret.version(), nonceOf(next), surroundings, Reception.AWAITED)));
    due.removed()
        .forEach(name ->
            sent.put(
                name,
                new Delivery(Delivery.ABSENT, nonceOf(next), surroundings, Reception.AWAITED)));
    return with(next, sent);
  }

  Response response(Due due) {
    return new Response(latestNonce(), due.secrets(), due.removed());
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
            .filter(sent -> sent.getValue().isOfSecret())
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
    boolean isSent =
        held.last.values().stream()
            .anyMatch(sent -> sent.nonce().equals(latestNonce()) && !sent.isHeld());
    return isSent ? held : held.with(responses - 1, held.last);
  }

  private Deliveries received(Set<String> names, Reception as) {
    var received = new HashMap<>(last);
    names.forEach(name -> received.computeIfPresent(name, (_, sent) -> sent.received(as)));
    return with(responses, received);
  }

  /** With these versions as if sent and accepted, for they were on an earlier stream (SDS-18). */
  Deliveries known(Map<String, String> versions) {
    var known = new HashMap<>(last);
    versions.forEach((name, version) ->
        known.put(name, new Delivery(version, "", List.of(), Reception.ACCEPTED)));
    return with(responses, known);
  }

  /** Without the names that nobody wants any more: they are answered when they come back. */
  Deliveries keeping(Predicate<String> wanted) {
    var kept = new HashMap<>(last);
    kept.keySet().removeIf(wanted.negate());
    return with(responses, kept);
  }

  private Deliveries with(long number, Map<String, Delivery> changed) {
    return new Deliveries(stream, tellsAbsence, number, Map.copyOf(changed));
  }

  private String nonceOf(long response) {
    return stream + "-" + response;
  }
}
