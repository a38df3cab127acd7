package io.signet.ca.app;

import io.signet.attestation.Attestor;
import io.signet.attestation.Attestors;
import io.signet.attestation.Impersonation;
import io.signet.attestation.kubernetes.Cluster;
import io.signet.attestation.kubernetes.KubernetesAttestor;
import io.signet.attestation.kubernetes.NodeAuthorizer;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.attestation.kubernetes.PodsThere;
import io.signet.attestation.unix.PeerCredentialsAttestor;
import io.signet.attestation.x509.ClientCertificateAttestor;
import io.signet.attestation.x509.Distrust;
import io.signet.ca.config.AttestationConfig;
import io.signet.ca.config.AttestationConfig.KubernetesCluster;
import io.signet.ca.config.AttestationConfig.UnixCaller;
import io.signet.ca.config.SignetConfig;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustBundle;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The attestors that the configuration names. What is judged here comes before what another machine
 * is asked about (istio-ca, section 9), so that no token of another issuer is sent to an API server
 * or has to wait for one.
 */
final class CallerAttestors implements AutoCloseable {

  // Both together within the limit of a request, and of what a proxy waits for.
  private static final Duration REVIEW_DEADLINE = Duration.ofSeconds(3);
  private static final Duration LOOKUP_DEADLINE = Duration.ofSeconds(3);

  private final List<Attestor> shared;
  private final Optional<KubernetesAttestor> kubernetes;
  private final NodeAuthorizer nodes;
  private final List<UnixCaller> unix;
  private final Attestors attestors;

  private CallerAttestors(
      List<Attestor> shared,
      Optional<KubernetesAttestor> kubernetes,
      NodeAuthorizer nodes,
      List<UnixCaller> unix) {
    this.shared = List.copyOf(shared);
    this.kubernetes = kubernetes;
    this.nodes = nodes;
    this.unix = unix;
    this.attestors = with(unix);
  }

  /**
   * @param issuers whose tokens count
   * @param bundle whom to trust now
   * @param server the server's own identity
   * @param distrust which certificates of ours count no more
   * @param onDenied is told the rule of each impersonation that is denied; must not block
   */
  static CallerAttestors open(
      SignetConfig config,
      JwtIssuers issuers,
      Supplier<TrustBundle> bundle,
      SpiffeId server,
      Distrust distrust,
      Clock clock,
      Consumer<Rule> onDenied) {
    AttestationConfig attestation = config.attestation();
    List<Attestor> shared = new ArrayList<>(issuers.attestors());
    if (attestation.clientCertificate()) {
      shared.add(certificates(bundle, server, distrust, clock));
    }
    Optional<KubernetesAttestor> kubernetes = kubernetes(config, clock);
    return new CallerAttestors(
        shared, kubernetes, nodes(config, kubernetes, onDenied), attestation.unix());
  }

  /** Judges SVIDs of ours, of callers and of administrators alike. */
  static Attestor certificates(
      Supplier<TrustBundle> bundle, SpiffeId server, Distrust distrust, Clock clock) {
    return new ClientCertificateAttestor(bundle, server, distrust, clock);
  }

  private static Optional<KubernetesAttestor> kubernetes(SignetConfig config, Clock clock) {
    List<Cluster> clusters =
        config.attestation().kubernetes().stream().map(CallerAttestors::cluster).toList();
    return clusters.isEmpty()
        ? Optional.empty()
        : Optional.of(
            KubernetesAttestor.open(
                clusters, config.trustDomain(), REVIEW_DEADLINE, clock, System::nanoTime));
  }

  private static NodeAuthorizer nodes(
      SignetConfig config, Optional<KubernetesAttestor> kubernetes, Consumer<Rule> onDenied) {
    return kubernetes
        .map(attestor -> attestor.nodeAuthorizer(LOOKUP_DEADLINE, onDenied))
        .orElseGet(() -> NodeAuthorizer.ofNoCluster(config.trustDomain(), onDenied));
  }

  private static Cluster cluster(KubernetesCluster cluster) {
    return new Cluster(
        cluster.cluster(),
        Set.copyOf(cluster.aliases()),
        cluster.audience(),
        cluster.kubeconfig(),
        switch (cluster.review()) {
          case API -> Cluster.Review.API;
          case LOCAL -> Cluster.Review.LOCAL;
        },
        cluster.reviewRate(),
        Set.copyOf(cluster.trustedNodeAccounts()));
  }

  /** For every listener without rules of its own. */
  Attestors attestors() {
    return attestors;
  }

  /** For a socket where these are who is who by user id; all other evidence counts as elsewhere. */
  Attestors attestors(List<UnixCaller> onSocket) {
    return onSocket.equals(unix) ? attestors : with(onSocket);
  }

  private Attestors with(List<UnixCaller> callers) {
    List<Attestor> all = new ArrayList<>();
    if (!callers.isEmpty()) {
      all.add(new PeerCredentialsAttestor(callers.stream().map(CallerAttestors::rule).toList()));
    }
    all.addAll(shared);
    kubernetes.ifPresent(all::add);
    return new Attestors(all);
  }

  private static PeerCredentialsAttestor.Rule rule(UnixCaller caller) {
    return new PeerCredentialsAttestor.Rule((int) caller.uid(), caller.id());
  }

  /** Who of the proven callers may ask in the name of others. */
  Impersonation impersonation() {
    return nodes;
  }

  /** Why tokens of a cluster cannot be judged now, or not as they should; one text for each. */
  List<String> problems() {
    return kubernetes.map(KubernetesAttestor::problems).orElse(List.of());
  }

  /** Who can tell which pods there are; empty where no cluster is configured. */
  Optional<GonePods.Clusters> clusters() {
    return kubernetes.map(AskedClusters::new);
  }

  private record AskedClusters(KubernetesAttestor attestor) implements GonePods.Clusters {
    @Override
    public Set<String> ids() {
      return attestor.clusters();
    }

    @Override
    public PodsThere ask() {
      return attestor.podsThere();
    }
  }

  @Override
  public void close() {
    kubernetes.ifPresent(KubernetesAttestor::close);
  }
}
