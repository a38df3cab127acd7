package io.signet.hsm.vault;

import static java.util.Objects.requireNonNull;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Mishap;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The node that a custodian uses is killed, one of three. The custodian knows that one and another.
 */
public final class ClusterMishaps implements AutoCloseable {

  private static final KeyLabel ROOT = new KeyLabel("root");

  private final TransitPeer peer;
  private @Nullable VaultKeyCustodian custodian;
  private @Nullable Bao used;

  private ClusterMishaps(TransitPeer peer) {
    this.peer = peer;
  }

  public static ClusterMishaps open(Path home) throws Exception {
    TransitPeer peer = TransitPeer.cluster(home);
    try (VaultKeyCustodian maker = peer.custodian(peer.active())) {
      KeyHandle _ = maker.generate(ROOT, KeyAlgorithm.EC_P256);
    }
    return new ClusterMishaps(peer);
  }

  public List<Mishap> all() {
    return List.of(
        mishap("one of two addresses down: a standby", () -> keyBy(peer.standby(), peer.active())),
        mishap(
            "one of two addresses down: the active node",
            () -> keyBy(peer.active(), peer.standby())));
  }

  private Mishap mishap(String name, Mishap.Opening key) {
    return new Mishap(
        "openbao", name, key, () -> requireNonNull(used).kill(), Optional.empty(), this::heal);
  }

  private KeyHandle keyBy(Bao first, Bao second) throws Exception {
    used = first;
    custodian = peer.custodian(first, second);
    return custodian.find(ROOT).orElseThrow();
  }

  private void heal() throws Exception {
    requireNonNull(custodian).close();
    Bao down = requireNonNull(used);
    down.restart();
    down.unseal();
  }

  @Override
  public void close() throws Exception {
    peer.close();
  }
}
