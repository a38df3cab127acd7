package io.signet.sds;

import io.signet.sds.SubscriptionState.Step;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A stream as a subscriber sees it: what it says, and the names it is sent in return. */
final class Dialogue {
  private SubscriptionState state = SubscriptionState.stateOfTheWorld("stream");
  private Catalog catalog;
  private String nonce = "";
  private Optional<Response> response = Optional.empty();
  private Optional<Answer> answer = Optional.empty();

  private Dialogue(Snapshot snapshot) {
    this.catalog = new Catalog(snapshot, Naming.STANDARD);
  }

  static Dialogue with(Snapshot snapshot) {
    return new Dialogue(snapshot);
  }

  List<String> asks(String... names) {
    return says("", Optional.empty(), names);
  }

  List<String> acks(String... names) {
    return says(nonce, Optional.empty(), names);
  }

  List<String> nacks(String... names) {
    return says(nonce, Optional.of("cannot load"), names);
  }

  List<String> says(String nonce, Optional<String> error, String... names) {
    return take(state.requested(new Request.Whole(List.of(names), nonce, error), catalog));
  }

  List<String> sees(Snapshot changed) {
    catalog = new Catalog(changed, Naming.STANDARD);
    return take(state.changed(catalog));
  }

  void withholds(String... names) {
    state = state.withheld(Set.of(names));
  }

  /** Of the newest response. */
  String nonce() {
    return nonce;
  }

  /** What the last event was answered with. */
  Response response() {
    return response.orElseThrow();
  }

  /** What the last event said about an earlier response. */
  Optional<Answer> answer() {
    return answer;
  }

  private List<String> take(Step step) {
    state = step.next();
    answer = step.answer();
    response = step.response();
    response.ifPresent(sent -> nonce = sent.nonce());
    return response.map(sent -> List.copyOf(sent.secrets().keySet())).orElse(List.of());
  }
}
