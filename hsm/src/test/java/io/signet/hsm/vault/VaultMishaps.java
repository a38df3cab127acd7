package io.signet.hsm.vault;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Mishap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What goes wrong with one OpenBao. */
public final class VaultMishaps implements AutoCloseable {

  private static final String DEVICE = "openbao";
  private static final String QUOTA = "sys/quotas/rate-limit/" + TransitPeer.MOUNT;

  // VAUTH-5
  private static final Duration LONGER_THAN_BETWEEN_LOGINS = Duration.ofSeconds(6);

  private final TransitPeer peer;
  private final VaultKeyCustodian custodian;
  private final KeyHandle key;

  private VaultMishaps(TransitPeer peer, VaultKeyCustodian custodian) throws Exception {
    this.peer = peer;
    this.custodian = custodian;
    this.key = custodian.generate(new KeyLabel("root"), KeyAlgorithm.EC_P256);
  }

  public static VaultMishaps open(Path home) throws Exception {
    TransitPeer peer = TransitPeer.alone(home);
    return new VaultMishaps(peer, peer.custodian(peer.first()));
  }

  public List<Mishap> all() {
    Bao bao = peer.first();
    return List.of(
        revoked("token revoked").healedBy(() -> Thread.sleep(LONGER_THAN_BETWEEN_LOGINS)),
        revoked("token revoked just after a login"),
        outage("sealed and unsealed", bao::seal, bao::unseal),
        outage(
            "killed, started and unsealed",
            bao::kill,
            () -> {
              bao.restart();
              bao.unseal();
            }),
        outage(
            "429 by a quota, Retry-After up to 3 s",
            this::useUpQuota,
            () -> bao.ask("DELETE", QUOTA, "")));
  }

  private Mishap revoked(String name) {
    return Mishap.passing(
        DEVICE,
        name,
        key,
        () -> peer.first().post("sys/leases/revoke-force/auth/" + TransitPeer.ROLE, "{}"));
  }

  // One request in three seconds, which is what it then asks for; returns when that one is made.
  private void useUpQuota() throws Exception {
    Bao bao = peer.first();
    bao.post(QUOTA, "{\"rate\":1,\"interval\":\"3s\",\"path\":\"transit\"}");
    Waits.until(() -> isRefused(bao));
  }

  private static boolean isRefused(Bao bao) {
    try {
      String _ = bao.ask("GET", TransitPeer.MOUNT + "/keys/root", "");
      return false;
    } catch (Exception e) {
      return String.valueOf(e.getMessage()).contains("429");
    }
  }

  private Mishap outage(String name, Mishap.Step happens, Mishap.Step ends) {
    return Mishap.outage(DEVICE, name, key, happens, ends);
  }

  @Override
  public void close() throws Exception {
    custodian.close();
    peer.close();
  }
}
