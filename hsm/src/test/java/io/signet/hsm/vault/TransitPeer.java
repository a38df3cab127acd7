package io.signet.hsm.vault;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** OpenBao, alone or three nodes, that lets custodians with the least policy log in by approle. */
final class TransitPeer implements AutoCloseable {

  static final String MOUNT = "transit";
  static final String ROLE = "signet";

  private final List<Bao> nodes;
  private final Path secretId;

  private TransitPeer(List<Bao> nodes, Path secretId) {
    this.nodes = nodes;
    this.secretId = secretId;
  }

  static TransitPeer alone(Path home) throws Exception {
    return of(List.of(Bao.start(home)), home);
  }

  static TransitPeer cluster(Path home) throws Exception {
    return of(Bao.startCluster(home), home);
  }

  private static TransitPeer of(List<Bao> nodes, Path home) throws Exception {
    Bao node = nodes.getFirst();
    node.mountTransit(MOUNT);
    node.writePolicy(ROLE, MOUNT);
    Path secretId = Files.writeString(home.resolve("secret-id"), node.enableAppRole(ROLE, ROLE));
    return new TransitPeer(nodes, secretId);
  }

  Bao first() {
    return nodes.getFirst();
  }

  /** The node that all agree is the active one; waits until they do. */
  Bao active() {
    Waits.until(() -> nodes.stream().map(TransitPeer::activeOf).distinct().count() == 1);
    String address = activeOf(first());
    return nodes.stream()
        .filter(node -> node.address().toString().equals(address))
        .findFirst()
        .orElseGet(this::active);
  }

  private static String activeOf(Bao node) {
    try {
      return node.activeNode();
    } catch (Exception notYet) {
      return "";
    }
  }

  /** One that is not active. */
  Bao standby() {
    Bao active = active();
    return nodes.stream().filter(node -> node != active).findFirst().orElseThrow();
  }

  /** With the defaults, and the real time. */
  VaultKeyCustodian custodian(Bao... known) throws CustodyException {
    List<URI> addresses = Stream.of(known).map(Bao::address).toList();
    VaultSettings settings =
        new VaultSettings(
            addresses,
            MOUNT,
            Optional.empty(),
            Optional.empty(),
            new VaultAuth.AppRole(ROLE, ROLE, secretId),
            VaultSettings.DEFAULT_PERMITS,
            VaultSettings.DEFAULT_DEADLINE);
    return VaultKeyCustodian.open(settings, CustodianListener.NONE, Clock.systemUTC());
  }

  /** A token of the same policy for somebody else. */
  String newToken() throws Exception {
    return Bao.text(
        first().post("auth/token/create", "{\"policies\":[\"" + ROLE + "\"],\"ttl\":\"4h\"}"),
        "client_token");
  }

  @Override
  public void close() throws InterruptedException {
    for (Bao node : nodes) {
      node.close();
    }
  }
}
