package io.signet.sds;

import io.signet.sds.Request.Delta;
import io.signet.sds.SubscriptionState.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A delta stream as a subscriber sees it: names it is sent, and names that are gone as {@code
 * -name}.
 */
final class DeltaDialogue {
  private SubscriptionState state = SubscriptionState.delta("stream");
  private Catalog catalog;
  private String nonce = "";
  private Optional<Answer> answer = Optional.empty();
  private Map<String, String> known = Map.of();

  private DeltaDialogue(Snapshot snapshot) {
    this.catalog = new Catalog(snapshot, Naming.STANDARD);
  }

  static DeltaDialogue with(Snapshot snapshot) {
    return new DeltaDialogue(snapshot);
  }

  List<String> subscribes(String... names) {
    return says(List.of(names), List.of(), Map.of(), "", Optional.empty());
  }

  List<String> unsubscribes(String... names) {
    return says(List.of(), List.of(names), Map.of(), "", Optional.empty());
  }

  List<String> resumes(Map<String, String> known, String... names) {
    return says(List.of(names), List.of(), known, "", Optional.empty());
  }

  List<String> acks() {
    return says(List.of(), List.of(), Map.of(), nonce, Optional.empty());
  }

  List<String> nacks() {
    return says(List.of(), List.of(), Map.of(), nonce, Optional.of("cannot load"));
  }

  List<String> says(
      List<String> subscribe,
      List<String> unsubscribe,
      Map<String, String> known,
      String nonce,
      Optional<String> error) {
    return take(state.requested(new Delta(subscribe, unsubscribe, known, nonce, error), catalog));
  }

  List<String> sees(Snapshot changed) {
    catalog = new Catalog(changed, Naming.STANDARD);
    return take(state.changed(catalog));
  }

  /** Of the newest response. */
  String nonce() {
    return nonce;
  }

  /** What the last event said about an earlier response. */
  Optional<Answer> answer() {
    return answer;
  }

  /** What it has from an earlier stream, by the last event. */
  Map<String, String> known() {
    return known;
  }

  private List<String> take(Step step) {
    state = step.next();
    answer = step.answer();
    known = step.known();
    step.response().ifPresent(sent -> nonce = sent.nonce());
    List<String> told = new ArrayList<>();
    step.response()
        .ifPresent(sent -> {
          told.addAll(sent.secrets().keySet());
          sent.removed().forEach(name -> told.add("-" + name));
        });
    return told;
  }
}
