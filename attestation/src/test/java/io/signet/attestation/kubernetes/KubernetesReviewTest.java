package io.signet.attestation.kubernetes;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Both ways of review before a stand-in for an API server. */
class KubernetesReviewTest extends ReviewContract {

  @TempDir static Path directory;

  @Override
  protected TestCluster launch() throws Exception {
    return new FakeCluster(directory);
  }
}
