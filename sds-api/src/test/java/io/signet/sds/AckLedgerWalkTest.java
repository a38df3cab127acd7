package io.signet.sds;

import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.PRIVATE_KEY;
import static io.signet.sds.Secrets.WEB;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Request.Whole;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.SubscriptionState.Step;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random rotations, also such as are taken back, with a proxy that reads and answers when it likes:
 * what the ledger says that it has, it has.
 */
class AckLedgerWalkTest {
  private static final int STEPS = 5_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void anyEvents_always_saysNoMoreThanIsTrue(long seed) {
    var walk = new Walk(new Random(seed));
    for (int step = 0; step < STEPS; step++) {
      walk.step();
      walk.check();
    }
    assertThat(walk.checked).isGreaterThan(STEPS / 10);
  }

  private static final class Walk {
    private static final Subscriber WHO = new Subscriber("s", "n", new Holder(WEB, "1"), "tls");

    private final Random random;
    private final AckLedger ledger = new AckLedger(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
    private SubscriptionState state = SubscriptionState.stateOfTheWorld("s");
    private Snapshot snapshot = Snapshot.EMPTY;
    private final Queue<Response> toProxy = new ArrayDeque<>();
    private final Queue<Whole> toUs = new ArrayDeque<>();

    private final List<String> contents = new ArrayList<>(List.of("")); // by sequence
    private final Map<String, String> has = new HashMap<>();
    private int generation = 1;
    private int generationOfProxy;
    private List<String> names = List.of("default", "ROOTCA");
    private int checked;

    Walk(Random random) {
      this.random = random;
      ledger.opened(WHO);
      toUs.add(new Whole(names, "", Optional.empty()));
    }

    void step() {
      switch (random.nextInt(5)) {
        case 0 -> change();
        case 1, 2 -> readsAndAnswers();
        default -> hears();
      }
    }

    private void change() {
      int sequence = contents.size();
      int root = 1 + random.nextInt(3);
      generation = 1 + random.nextInt(2);
      var bundle =
          new TrustBundle(
              EXAMPLE, sequence, List.of(Certificates.authority(EXAMPLE, root)), Optional.empty());
      var svid =
          new TlsCertificate(
              X509Svid.of(List.of(Certificates.leaf(WEB, 10 * generation + random.nextInt(2)))),
              SecretBytes.copyOf(PRIVATE_KEY.getBytes(US_ASCII)),
              Optional.empty(),
              generation);
      snapshot = new Snapshot(List.of(svid), Trust.of(new TrustAnchors(bundle)));
      contents.add(catalog().secret("ROOTCA").orElseThrow().version());
      if (random.nextInt(4) > 0) { // else the next change overtakes it
        apply(state.changed(catalog()));
      }
    }

    private void readsAndAnswers() {
      Response response = toProxy.poll();
      if (response == null) {
        return;
      }
      boolean refuses = random.nextInt(4) == 0;
      if (!refuses) {
        has.putAll(response.versions());
        if (response.secrets().get("default") instanceof TlsCertificate svid) {
          generationOfProxy = svid.generation();
        }
      }
      if (random.nextInt(20) == 0) {
        names = names.size() == 1 ? List.of("default", "ROOTCA") : List.of("default");
        has.keySet().retainAll(names);
      }
      toUs.add(new Whole(names, response.nonce(), refuses ? Optional.of("no") : Optional.empty()));
    }

    private void hears() {
      Whole request = toUs.poll();
      if (request != null) {
        apply(state.requested(request, catalog()));
      }
    }

    private void apply(Step step) {
      state = step.next();
      step.answer().ifPresent(answer -> ledger.answered(WHO, answer));
      ledger.wants(WHO, state.wants(catalog()));
      step.response()
          .ifPresent(response -> {
            ledger.sent(WHO, response.versions());
            toProxy.add(response);
          });
    }

    private Catalog catalog() {
      return new Catalog(snapshot, Naming.STANDARD);
    }

    void check() {
      Standing standing = ledger.subscribers().iterator().next();
      String bundle = has.get("ROOTCA");
      if (bundle != null && standing.bundle().orElse(0L) > 0) {
        int least = standing.bundle().orElseThrow().intValue();
        assertThat(contents.subList(least, contents.size())).contains(bundle);
        checked++;
      }
      if (standing.generation().orElse(0) > 0) {
        assertThat(generationOfProxy).isEqualTo(standing.generation().orElseThrow());
      }
    }
  }
}
