package io.signet.hsm.vault;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.DurableKeyCustodianContract;
import io.signet.hsm.KeyCustodian;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** CT-1, CT-5 on a real OpenBao, with the least policy; each test has a mount of its own. */
final class VaultKeyCustodianContractTest extends DurableKeyCustodianContract {

  private static final AtomicInteger MOUNTS = new AtomicInteger();

  @TempDir private static Path home;
  private static Bao bao;

  private VaultSettings settings;
  private VaultKeyCustodian custodian;

  @BeforeAll
  static void start() throws Exception {
    bao = Bao.start(home);
  }

  @AfterAll
  static void stop() throws Exception {
    if (bao != null) {
      bao.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    String mount = "transit-" + MOUNTS.incrementAndGet();
    bao.mountTransit(mount);
    bao.writePolicy(mount, mount);
    String token = bao.post("auth/token/create", "{\"policies\":[\"" + mount + "\"]}");
    Path file = Files.writeString(home.resolve(mount), Bao.text(token, "client_token"));
    settings =
        new VaultSettings(
            List.of(bao.address()),
            mount,
            Optional.empty(),
            Optional.empty(),
            new VaultAuth.Token(file),
            VaultSettings.DEFAULT_PERMITS,
            VaultSettings.DEFAULT_DEADLINE);
    custodian = VaultKeyCustodian.open(settings, CustodianListener.NONE, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    custodian.close();
  }

  @Override
  protected KeyCustodian custodian() {
    return custodian;
  }

  @Override
  protected KeyCustodian reopened() throws Exception {
    custodian().close();
    custodian = VaultKeyCustodian.open(settings, CustodianListener.NONE, Clock.systemUTC());
    return custodian;
  }
}
