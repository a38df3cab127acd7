package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.FakeTimer;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.TestClock;
import io.signet.spiffe.Pem;
import io.signet.spiffe.TrustBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FederationTest {
  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final FakeTimer timer = new FakeTimer(clock);
  private final Lifecycle life = new Lifecycle();
  private final List<List<TrustBundle>> told = new ArrayList<>();

  @Test
  void open_fileChanges_toldWithinASecondUntilClosed() throws Exception {
    FederatedBundles bundles = open("federation: [ { trust-domain: other.org, bundle-file: b } ]");
    timer.runDue();
    assertThat(told).containsExactly(bundles.bundles());

    write("two");
    timer.advance(Duration.ofSeconds(1));
    assertThat(told).hasSize(2);
    assertThat(bundles.bundles()).isEqualTo(told.getLast());

    write("three");
    timer.advance(Duration.ofSeconds(1));
    assertThat(told).hasSize(3);

    life.close();
    write("four");
    timer.advance(Duration.ofMinutes(2));
    assertThat(told).hasSize(3);
  }

  @Test
  void open_noFederation_nothingToDo() throws Exception {
    assertThat(open("").bundles()).isEmpty();
    assertThat(timer.next()).isEmpty();
  }

  private FederatedBundles open(String more) throws Exception {
    write("one");
    SignetConfig config =
        SignetConfig.parse(
            """
            trust-domain: example.org
            serving-names: [localhost]
            keys: { custodian: file, file: { path: keys, passphrase: "env:P" } }
            attestation: { unix: [ { uid: 1, id: "spiffe://example.org/a" } ] }
            """
                + more,
            folder);
    return Federation.open(config, told::add, timer, life);
  }

  private void write(String name) throws Exception {
    Files.writeString(folder.resolve("b"), Pem.encode(List.of(ForeignCa.root(name).certificate())));
  }
}
