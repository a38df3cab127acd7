package io.signet.attestation.kubernetes;

import io.signet.attestation.ServiceAccountName;
import java.util.Optional;

/** The pods as a watch lately told them: enough to allow something, never to deny it. */
record WatchedPods(KnownObjects known) implements Pods {

  @Override
  public Optional<PodState> find(String namespace, String name) {
    return known.find(namespace, name).map(PodState::of);
  }

  @Override
  public boolean anyLive(ServiceAccountName account, String node) {
    return known.podsOn(node, account.namespace(), account.name()).stream()
        .anyMatch(pod -> PodState.of(pod).live());
  }
}
