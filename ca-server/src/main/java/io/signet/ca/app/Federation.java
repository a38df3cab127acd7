package io.signet.ca.app;

import io.signet.ca.bundle.BundleFile;
import io.signet.ca.bundle.FederatedBundles;
import io.signet.ca.config.SignetConfig;
import io.signet.sds.Timer;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Looks again and again whether the bundles of other trust domains have changed. */
final class Federation {

  // Often, for every proxy waits for it, and a look costs next to nothing.
  private static final Duration EVERY = Duration.ofMillis(200);

  private Federation() {}

  /**
   * Opens those that the configuration names, and keeps them as their files are.
   *
   * @param onChange told all of them, now and whenever one has changed
   * @param life gets what is to be closed again
   * @throws IOException naming the file that is no bundle
   */
  static FederatedBundles open(
      SignetConfig config, Consumer<List<TrustBundle>> onChange, Timer timer, Lifecycle life)
      throws IOException {
    List<BundleFile> files =
        config.federation().stream()
            .map(other -> new BundleFile(other.trustDomain(), other.bundleFile()))
            .toList();
    FederatedBundles bundles = FederatedBundles.open(files, onChange);
    onChange.accept(bundles.bundles());
    if (!files.isEmpty()) {
      life.started(new Beat(bundles::look, EVERY, timer)).wake();
    }
    return bundles;
  }
}
