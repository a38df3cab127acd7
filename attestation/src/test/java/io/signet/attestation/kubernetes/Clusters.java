package io.signet.attestation.kubernetes;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.kubernetes.Cluster.Review;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Clusters as most tests configure them: tokens are for {@code istio-ca}, nothing has a limit. */
public final class Clusters {

  private Clusters() {}

  /** One that trusts no account to ask for others. */
  public static Cluster cluster(String id, Path kubeconfig, Review review) {
    return cluster(id, Optional.of(kubeconfig), review, Set.of());
  }

  /** One whose API server is never asked. */
  static Cluster unreachable(String id, Review review) {
    return cluster(id, Optional.empty(), review, Set.of());
  }

  /** One that trusts accounts to ask for the workloads of their own node. */
  public static Cluster trusting(String id, Path kubeconfig, ServiceAccountName... accounts) {
    return cluster(id, Optional.of(kubeconfig), Review.API, Set.of(accounts));
  }

  private static Cluster cluster(
      String id, Optional<Path> kubeconfig, Review review, Set<ServiceAccountName> trusted) {
    return new Cluster(id, Set.of(), "istio-ca", kubeconfig, review, OptionalInt.empty(), trusted);
  }
}
