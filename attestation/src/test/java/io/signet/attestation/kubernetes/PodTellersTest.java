package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.Proof;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.kubernetes.NodeAuthorizer.Allowed;
import io.signet.attestation.kubernetes.NodeAuthorizer.Denied;
import io.signet.attestation.kubernetes.NodeAuthorizer.Rule;
import io.signet.spiffe.TrustDomain;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who is believed about the pods of a node: a watch when it allows, the API server in any case. */
class PodTellersTest {

  private static final TrustDomain DOMAIN = new TrustDomain("example.org");
  private static final ServiceAccountName ZTUNNEL =
      new ServiceAccountName("istio-system", "ztunnel");
  private static final ServiceAccountName CART = new ServiceAccountName("shop", "cart");
  private static final Impersonated PROOF =
      new Impersonated(
          CART.in(DOMAIN),
          new ServiceAccount(
              ZTUNNEL.in(DOMAIN),
              Optional.empty(),
              "main",
              ZTUNNEL.namespace(),
              ZTUNNEL.name(),
              Optional.of(new Proof.Pod("ztunnel-a", "uid-a"))));

  private final ObjectStore store = new ObjectStore();
  private final Pods watch = new WatchedPods(new Known(store));

  private record Known(ObjectStore store) implements KnownObjects {
    @Override
    public boolean isFresh() {
      return true;
    }

    @Override
    public Optional<KubeObject> find(String namespace, String name) {
      return store.find(namespace, name);
    }

    @Override
    public List<KubeObject> podsOn(String node, String namespace, String serviceAccount) {
      return store.podsOn(node, namespace, serviceAccount);
    }
  }

  /** Both pods, or none, or no answer. */
  private record Server(@Nullable Boolean there) implements Pods {
    @Override
    public Optional<PodState> find(String namespace, String name) throws ApiException {
      return isThere()
          ? Optional.of(new PodState("uid-a", "ztunnel", "node-1", true))
          : Optional.empty();
    }

    @Override
    public boolean anyLive(ServiceAccountName account, String node) throws ApiException {
      return isThere();
    }

    private boolean isThere() throws ApiException {
      if (there == null) {
        throw new ApiException("no answer");
      }
      return there;
    }
  }

  @Test
  void onItsNode_watchSeesBoth_allowedWithoutTheServer() throws ApiException {
    seen("istio-system", "ztunnel-a", "ztunnel", "Running", null);
    seen("shop", "cart-1", "cart", "Pending", null);

    assertThat(verdict(new Server(null))).isEqualTo(new Allowed(PROOF));
  }

  // ISTIO-60
  @Test
  void onItsNode_watchSeesNothingYet_serverDecides() throws ApiException {
    assertThat(verdict(new Server(true))).isEqualTo(new Allowed(PROOF));
    assertThat(verdict(new Server(false)))
        .isInstanceOfSatisfying(Denied.class, it -> assertThat(it.rule()).isEqualTo(Rule.POD));
    assertThatThrownBy(() -> verdict(new Server(null))).isInstanceOf(ApiException.class);
  }

  // ISTIO-58
  @Test
  void onItsNode_watchSeesThemEnd_notAllowedByIt() throws ApiException {
    seen("istio-system", "ztunnel-a", "ztunnel", "Running", null);
    seen("shop", "cart-1", "cart", "Succeeded", null);
    seen("shop", "cart-2", "cart", "Running", Instant.EPOCH);
    assertThat(verdict(new Server(false))).isInstanceOf(Denied.class);

    seen("shop", "cart-3", "cart", "Running", null);
    assertThat(verdict(new Server(false))).isEqualTo(new Allowed(PROOF));
  }

  private void seen(
      String namespace, String name, String account, String phase, @Nullable Instant deleted) {
    store.put(new KubeObject(namespace, name, "uid-a", deleted, account, "node-1", phase));
  }

  private NodeAuthorizer.Verdict verdict(Pods server) throws ApiException {
    return NodeAuthorizer.onItsNode(PROOF, CART, List.of(watch, server));
  }
}
