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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again whether the bundles of other trust domains have changed: often, for every
 * proxy waits for it, and a look costs next to nothing.
 */
final class Federation implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Federation.class);

  private static final Duration EVERY = Duration.ofMillis(200);

  private final FederatedBundles bundles;
  private final Timer timer;
  private Timer.@Nullable Scheduled next;
  private boolean closed;

  private Federation(FederatedBundles bundles, Timer timer) {
    this.bundles = bundles;
    this.timer = timer;
  }

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
      life.started(new Federation(bundles, timer)).schedule();
    }
    return bundles;
  }

  private synchronized void schedule() {
    if (!closed) {
      next = timer.after(EVERY, this::look);
    }
  }

  private void look() {
    try {
      bundles.look();
    } catch (RuntimeException e) {
      LOG.error("a changed bundle was not taken over", e);
    } finally {
      schedule();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
