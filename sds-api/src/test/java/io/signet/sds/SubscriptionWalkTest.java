package io.signet.sds;

import static io.signet.sds.WalkWorld.SVIDS;
import static io.signet.sds.WalkWorld.TRUSTS;
import static io.signet.sds.WalkWorld.names;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.SubscriptionState.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random streams against a naive model of what a subscriber may be sent. The model knows no nonces
 * and no reception but "rejected", and looks at everything anew at each step.
 */
class SubscriptionWalkTest {
  private static final int STEPS = 5_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void anyEvents_always_obeyTheModel(long seed) {
    var walk = new Walk(new Random(seed));
    for (int step = 0; step < STEPS; step++) {
      walk.step();
    }
  }

  private static final class Walk {
    private final Random random;
    private SubscriptionState state = SubscriptionState.stateOfTheWorld("s");
    private Snapshot snapshot = Snapshot.EMPTY;
    private Optional<Response> latest = Optional.empty();
    private boolean settled;
    private final List<String> nonces = new ArrayList<>();

    private Set<String> subscribed = Set.of();
    private final Map<String, String> has = new HashMap<>();
    private final Map<String, List<String>> rejectedAmong = new HashMap<>();
    private final Map<String, List<String>> sentAmong = new HashMap<>();

    Walk(Random random) {
      this.random = random;
    }

    void step() {
      switch (random.nextInt(6)) {
        case 0 -> change();
        case 1 -> subscribe();
        case 2, 3 -> answer(Optional.empty());
        case 4 -> answer(Optional.of("no"));
        default -> stale();
      }
    }

    private void change() {
      snapshot =
          new Snapshot(
              random.nextInt(5) == 0 ? List.of() : List.of(SVIDS.get(random.nextInt(3))),
              random.nextInt(5) == 0 ? Trust.NONE : TRUSTS.get(random.nextInt(3)));
      check(state.changed(catalog()));
    }

    private void subscribe() {
      List<String> names = names(random);
      subscribed = Set.copyOf(names);
      has.clear();
      check(state.requested(new Request.Whole(names, "", Optional.empty()), catalog()));
    }

    private void answer(Optional<String> error) {
      if (latest.isEmpty()) {
        return;
      }
      Response answered = latest.get();
      List<String> names = names(random);
      if (error.isPresent()) {
        reject(answered);
      }
      subscribed = Set.copyOf(names);
      has.keySet().retainAll(subscribed);
      Step step = state.requested(new Request.Whole(names, answered.nonce(), error), catalog());
      assertThat(step.answer().isPresent() && settled && error.isEmpty()).isFalse();
      settled = true;
      check(step);
    }

    private void reject(Response answered) {
      answered.versions().keySet().stream()
          .filter(has::containsKey)
          .forEach(
              name -> rejectedAmong.putIfAbsent(name, sentAmong.getOrDefault(name, List.of())));
    }

    private void stale() {
      if (nonces.size() > 1) {
        String nonce = nonces.get(random.nextInt(nonces.size() - 1));
        Step step =
            state.requested(new Request.Whole(names(random), nonce, Optional.empty()), catalog());
        assertThat(step.response()).isEmpty();
        state = step.next();
      }
    }

    private void check(Step step) {
      state = step.next();
      rejectedAmong.keySet().retainAll(has.keySet());
      Map<String, String> sent = step.response().map(Response::versions).orElse(Map.of());
      assertThat(sent).isEqualTo(expected());
      step.response().ifPresent(this::remember);
    }

    private Map<String, String> expected() {
      var expected = new HashMap<String, String>();
      for (String name : subscribed) {
        catalog()
            .secret(name)
            .map(Secret::version)
            .filter(version -> !version.equals(has.get(name)) || mayTryAgain(name))
            .ifPresent(version -> expected.put(name, version));
      }
      return expected;
    }

    private Catalog catalog() {
      return new Catalog(snapshot, Naming.STANDARD);
    }

    private boolean mayTryAgain(String name) {
      List<String> among = rejectedAmong.get(name);
      return among != null && !among.equals(snapshot.versions());
    }

    private void remember(Response response) {
      latest = Optional.of(response);
      settled = false;
      nonces.add(response.nonce());
      response
          .versions()
          .forEach((name, version) -> {
            has.put(name, version);
            rejectedAmong.remove(name);
            sentAmong.put(name, snapshot.versions());
          });
    }
  }
}
