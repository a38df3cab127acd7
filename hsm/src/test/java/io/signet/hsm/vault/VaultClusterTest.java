package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CT-7 on three real nodes, of which one is active, and others take over when it is gone. */
final class VaultClusterTest {

  private static final byte[] MESSAGE = "to be signed".getBytes(UTF_8);
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static final int CALLERS = 4;
  private static final int SOME = 20;

  @TempDir private static Path home;
  private static List<Bao> nodes = List.of();
  private static Path secretId;

  private Bao active;
  private List<Bao> standbys;

  /** Signs until it is closed. */
  private static final class Load implements AutoCloseable {
    private final Queue<CustodyException> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger signatures = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean over;

    Load(KeyHandle key) {
      for (int i = 0; i < CALLERS; i++) {
        Future<?> _ = threads.submit(() -> signOn(key));
      }
    }

    private void signOn(KeyHandle key) {
      while (!over) {
        try {
          byte[] _ = key.sign(MESSAGE);
          signatures.incrementAndGet();
        } catch (CustodyException e) {
          failures.add(e);
        }
      }
    }

    /** Returns when as many again are signed. */
    void awaitMore(int count) {
      int enough = signatures.get() + count;
      Waits.until(() -> signatures.get() >= enough);
    }

    @Override
    public void close() {
      over = true;
      threads.close();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    nodes = Bao.startCluster(home);
    nodes.getFirst().mountTransit("transit");
    nodes.getFirst().writePolicy("signet", "transit");
    secretId =
        Files.writeString(
            home.resolve("secret-id"), nodes.getFirst().enableAppRole("signet", "signet"));
  }

  @AfterAll
  static void stop() throws Exception {
    for (Bao node : nodes) {
      node.close();
    }
  }

  @BeforeEach
  void lookWhoIsActive() {
    active = agreedBy(nodes);
    standbys = nodes.stream().filter(node -> node != active).toList();
  }

  /** The active one of these nodes, when all of them know it. */
  private static Bao agreedBy(List<Bao> nodes) {
    Set<String> known = new HashSet<>();
    Waits.until(() -> {
      known.clear();
      nodes.forEach(node -> known.add(activeNode(node)));
      return known.size() == 1 && nodes.stream().anyMatch(node -> isAt(node, known));
    });
    return nodes.stream().filter(node -> isAt(node, known)).findFirst().orElseThrow();
  }

  private static boolean isAt(Bao node, Set<String> addresses) {
    return addresses.contains(node.address().toString());
  }

  private static String activeNode(Bao node) {
    try {
      return node.activeNode();
    } catch (Exception notYet) {
      return "";
    }
  }

  @AfterEach
  void heal() throws Exception {
    if (active != null) {
      active.restart();
      active.unseal();
    }
  }

  private static VaultKeyCustodian open(Bao... known) throws CustodyException {
    List<URI> addresses = List.of(known).stream().map(Bao::address).toList();
    VaultSettings settings =
        new VaultSettings(
            addresses,
            "transit",
            Optional.empty(),
            Optional.empty(),
            new VaultAuth.AppRole("signet", "signet", secretId),
            VaultSettings.DEFAULT_PERMITS,
            VaultSettings.DEFAULT_DEADLINE);
    return VaultKeyCustodian.open(settings, CustodianListener.NONE, Clock.systemUTC());
  }

  private static KeyHandle generate(VaultKeyCustodian custodian) throws CustodyException {
    return custodian.generate(new KeyLabel("root-" + KEYS.incrementAndGet()), KeyAlgorithm.EC_P256);
  }

  // VST-5, VST-6: a standby signs by itself and passes on what it cannot do, also when it is new
  // who the active one is.
  @Test
  void sign_addressOfAStandby_signsAndGoesOnWhenAnotherTakesOver() throws Exception {
    try (VaultKeyCustodian custodian = open(standbys.getFirst())) {
      KeyHandle key = generate(custodian);
      Load load = new Load(key);
      try (load) {
        load.awaitMore(SOME);
        assertThat(load.failures).isEmpty();

        active.kill();
        Bao _ = agreedBy(standbys);
        load.awaitMore(SOME);
      }
      assertOnlyPassing(load);
      assertThat(custodian.find(key.publicKey())).containsSame(key);
      assertThat(generate(custodian).sign(MESSAGE)).isNotEmpty();
    }
  }

  // KC-7: what was written a moment ago is there, though a standby hears of it later.
  @Test
  void find_atOnceAfterTheKeyWasMadeOrDestroyed_standbyKnows() throws Exception {
    try (VaultKeyCustodian custodian = open(standbys.getFirst())) {
      for (int i = 0; i < SOME; i++) {
        KeyHandle key = generate(custodian);
        assertThat(custodian.find(key.label())).containsSame(key);
        custodian.destroy(key);
        assertThat(custodian.find(key.label())).isEmpty();
      }
    }
  }

  // CT-3, CT-7: one of several addresses goes down under load.
  @Test
  void sign_activeNodeKilledUnderLoad_goesOnAtAnother() throws Exception {
    try (VaultKeyCustodian custodian = open(active, standbys.getFirst(), standbys.getLast())) {
      Load load = new Load(generate(custodian));
      try (load) {
        load.awaitMore(SOME);
        active.kill();
        load.awaitMore(SOME);
      }
      assertOnlyPassing(load);
    }
  }

  // VST-9: it is there, and of no use.
  @Test
  void sign_activeNodeSealedUnderLoad_goesOnAtAnother() throws Exception {
    try (VaultKeyCustodian custodian = open(active, standbys.getFirst(), standbys.getLast())) {
      Load load = new Load(generate(custodian));
      try (load) {
        load.awaitMore(SOME);
        active.seal();
        load.awaitMore(SOME);
      }
      assertOnlyPassing(load);
    }
  }

  // A standby is one of several addresses: without it nobody waits, and nobody fails.
  @Test
  void sign_standbyKilledUnderLoad_nobodyNotices() throws Exception {
    Bao standby = standbys.getFirst();
    try (VaultKeyCustodian custodian = open(active, standby)) {
      Load load = new Load(generate(custodian));
      try (load) {
        load.awaitMore(SOME);
        standby.kill();
        load.awaitMore(SOME);
      }
      assertThat(load.failures).isEmpty();
    }
    standby.restart();
    standby.unseal();
  }

  // Whoever opens it must not need the first address.
  @Test
  void open_firstAddressDown_usedThroughTheOther() throws Exception {
    active.kill();
    Bao _ = agreedBy(standbys);

    try (VaultKeyCustodian custodian = open(active, standbys.getFirst())) {
      assertThat(generate(custodian).sign(MESSAGE)).isNotEmpty();
    }
  }

  /** All that failed was to be tried again: nobody is told that it is refused, or for good. */
  private static void assertOnlyPassing(Load load) {
    assertThat(load.failures)
        .allSatisfy(failure ->
            assertThat(failure.fault()).as(failure.getMessage()).isIn(Fault.BUSY, Fault.LOST));
  }
}
