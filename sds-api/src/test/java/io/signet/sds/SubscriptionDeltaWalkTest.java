package io.signet.sds;

import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.svid;
import static io.signet.sds.WalkWorld.SVIDS;
import static io.signet.sds.WalkWorld.TRUSTS;
import static io.signet.sds.WalkWorld.names;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Request.Delta;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.SubscriptionState.Step;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random delta streams against a naive model: what a subscriber was told last of each name, and
 * that it is told again only when that changed or it asked again (SDS-17 to SDS-20).
 */
class SubscriptionDeltaWalkTest {
  private static final int STEPS = 5_000;
  private static final String ABSENT = "";

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
    private SubscriptionState state = SubscriptionState.delta("s");
    private Catalog catalog = new Catalog(Snapshot.EMPTY, Naming.STANDARD);
    private String nonce = "";
    private final Set<String> subscribed = new HashSet<>();
    private final Map<String, String> told = new HashMap<>();

    Walk(Random random) {
      this.random = random;
    }

    void step() {
      switch (random.nextInt(3)) {
        case 0 -> change();
        case 1 -> request(names(random), names(random));
        default -> request(List.of(), subscribed.isEmpty() ? names(random) : List.of());
      }
    }

    private void change() {
      Optional<TlsCertificate> svid =
          random.nextInt(4) == 0 ? Optional.empty() : Optional.of(SVIDS.get(random.nextInt(3)));
      boolean awaited = svid.isEmpty() && random.nextBoolean();
      catalog =
          new Catalog(
              new Snapshot(
                  svid.stream().toList(),
                  awaited ? Set.of(WEB) : Set.of(),
                  random.nextInt(4) == 0 ? Trust.NONE : TRUSTS.get(random.nextInt(3)),
                  Optional.empty()),
              Naming.STANDARD);
      check(state.changed(catalog));
    }

    // The first request of a stream names something: without a name it would mean everything.
    private void request(List<String> subscribe, List<String> unsubscribe) {
      List<String> added = told.isEmpty() && subscribe.isEmpty() ? List.of("ROOTCA") : subscribe;
      unsubscribe.forEach(subscribed::remove);
      subscribed.addAll(added);
      told.keySet().retainAll(subscribed);
      added.forEach(told::remove);
      check(
          state.requested(
              new Delta(added, unsubscribe, Map.of(), nonce, Optional.empty()), catalog));
    }

    private void check(Step step) {
      state = step.next();
      var sent = new TreeSet<String>();
      step.response()
          .ifPresent(response -> {
            nonce = response.nonce();
            response.versions().forEach((name, version) -> sent.add(name + "=" + version));
            response.removed().forEach(name -> sent.add(name + "=" + ABSENT));
          });
      assertThat(sent).isEqualTo(expected());
    }

    private Set<String> expected() {
      var expected = new TreeSet<String>();
      for (String name : subscribed) {
        Optional<String> version = catalog.secret(name).map(Secret::version);
        if (version.isEmpty() && catalog.isAwaited(name)) {
          continue;
        }
        String now = version.orElse(ABSENT);
        if (!now.equals(told.get(name))) {
          expected.add(name + "=" + now);
          told.put(name, now);
        }
      }
      return expected;
    }
  }
}
