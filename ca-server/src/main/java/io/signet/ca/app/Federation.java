package io.signet.ca.app;

import io.signet.ca.bundle.BundleFile;
import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.sds.Timer;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks once a second whether the bundles of other trust domains have changed. */
final class Federation extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(Federation.class);

  private static final Duration EVERY = Duration.ofSeconds(1);

  private final FederatedBundles bundles;

  private Federation(FederatedBundles bundles, Clock clock) {
    super(EVERY, clock);
    this.bundles = bundles;
  }

  /**
   * Opens those that the configuration names, and keeps them as their files are.
   *
   * @param onChange told all of them when one has changed since
   * @param life gets what is to be closed again
   * @throws IOException naming the file that is no bundle
   */
  static FederatedBundles open(
      SignetConfig config,
      Consumer<List<TrustBundle>> onChange,
      Timer timer,
      Clock clock,
      Lifecycle life)
      throws IOException {
    List<BundleFile> files =
        config.federation().stream()
            .map(other -> new BundleFile(other.trustDomain(), other.bundleFile()))
            .toList();
    FederatedBundles bundles = FederatedBundles.open(files, onChange);
    if (!files.isEmpty()) {
      life.started(looking(new Federation(bundles, clock), timer, clock));
    }
    return bundles;
  }

  private static Renewal looking(Federation look, Timer timer, Clock clock) {
    return Renewal.started(
        look, timer, clock, e -> LOG.error("a changed bundle was not taken over", e));
  }

  @Override
  public void run() {
    bundles.look();
    isDone();
  }
}
