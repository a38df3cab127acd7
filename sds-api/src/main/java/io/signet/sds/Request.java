package io.signet.sds;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What a subscriber says on a stream. */
public sealed interface Request {

  /** Of the response that this answers, or empty. */
  String nonce();

  /** Why that response was refused; present in a NACK only. */
  Optional<String> error();

  /** Every name in it, as often as it is there. */
  Stream<String> mentioned();

  /**
   * A state-of-the-world request. It carries a version too, which is left out here on purpose: with
   * versions by name it says nothing that the nonce does not (SDS-11).
   *
   * @param names the whole subscription, in any order; repeated names count once
   */
  record Whole(List<String> names, String nonce, Optional<String> error) implements Request {
    public Whole {
      names = List.copyOf(names);
    }

    @Override
    public Stream<String> mentioned() {
      return names.stream();
    }
  }

  /**
   * A delta request.
   *
   * @param subscribe names to add; each is answered, also if it was subscribed to before (SDS-18)
   * @param unsubscribe names to take away; unknown ones are ignored (SDS-19)
   * @param known the versions, by name, that the subscriber has from an earlier stream; of the
   *     first request only
   */
  record Delta(
      List<String> subscribe,
      List<String> unsubscribe,
      Map<String, String> known,
      String nonce,
      Optional<String> error)
      implements Request {
    public Delta {
      subscribe = List.copyOf(subscribe);
      unsubscribe = List.copyOf(unsubscribe);
      known = Map.copyOf(known);
    }

    @Override
    public Stream<String> mentioned() {
      return Stream.of(subscribe, unsubscribe, known.keySet()).flatMap(Collection::stream);
    }
  }
}
