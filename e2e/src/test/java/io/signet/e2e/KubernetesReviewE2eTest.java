package io.signet.e2e;

import io.signet.attestation.kubernetes.ReviewContract;
import io.signet.attestation.kubernetes.TestCluster;
import java.io.IOException;
import org.junit.jupiter.api.Tag;

/** Both ways of review before a real API server, by the rights that our manifests give. */
@Tag("e2e")
final class KubernetesReviewE2eTest extends ReviewContract {

  @Override
  protected TestCluster launch() throws IOException {
    return RealCluster.launch();
  }
}
