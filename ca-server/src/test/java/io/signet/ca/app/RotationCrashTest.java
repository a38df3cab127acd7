package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore;
import io.signet.ca.authority.CaChain;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.authority.Roots;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceRecorder;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.AuthorityId;
import io.signet.ca.revocation.CrlKeeper;
import io.signet.ca.revocation.CrlSources;
import io.signet.ca.revocation.CrlStore;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.FakeLiveCertificates;
import io.signet.ca.revocation.Revocation;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.revocation.Revocations;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.FakeHolders;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.Replicas.Report;
import io.signet.ca.rotation.RotatedKeys;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationPolicy;
import io.signet.ca.rotation.RotationRunner;
import io.signet.ca.rotation.RotationRunner.Outlook;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.RotationState.Retiring;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.Rotations;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.SoleReplica;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.SqlCrlStore;
import io.signet.ca.store.SqlRevocations;
import io.signet.ca.store.SqlRotationJournal;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A runner that ends before or after any of its writes, to the journal, to the store of CAs or to
 * the custodian: the next one ends the rotation, with one key and one root for each generation.
 */
final class RotationCrashTest {

  private static final SerialNumber ISSUING = SerialNumber.parse("dead");

  @TempDir private Path folder;

  /** The process is gone: nothing of ours handles this. */
  private static final class Gone extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** Ends the process at its n-th moment: just before or just after something is kept. */
  private static final class Fuse {
    private int left;

    Fuse(int moments) {
      left = moments;
    }

    /** The same, which may end the process around each call of these methods. */
    <T> T around(Class<T> type, T what, Set<String> methods) {
      InvocationHandler burning =
          (_, method, arguments) -> {
            boolean burns = methods.contains(method.getName());
            burn(burns);
            Object result = called(method, what, arguments);
            burn(burns);
            return result;
          };
      return type.cast(
          Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, burning));
    }

    private static @Nullable Object called(Method method, Object what, Object[] arguments)
        throws Throwable {
      try {
        return method.invoke(what, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }

    private void burn(boolean burns) {
      if (burns && --left == 0) {
        throw new Gone();
      }
    }
  }

  /**
   * What outlives a process: the token and the folder of the store.
   *
   * @param compromised whether the first root is
   */
  private record World(
      boolean compromised, FakeKeyCustodian token, FakeLedger ledger, Path store) {}

  @ParameterizedTest(name = "compromised {0}")
  @ValueSource(booleans = {false, true})
  void rotation_crashAtEveryMoment_theNextRunEndsItWithoutALeftover(boolean compromised)
      throws Exception {
    int moments = 0;
    boolean crashed = true;
    while (crashed) {
      moments++;
      World world =
          new World(
              compromised,
              new FakeKeyCustodian(),
              new FakeLedger(),
              folder.resolve("store-" + moments));
      crashed = runs(world, new Fuse(moments));
      if (crashed) {
        assertThat(runs(world, new Fuse(-1))).isFalse();
      }
      assertOver(world);
    }
    assertThat(moments).isGreaterThan(20);
  }

  // Nobody can sign its CRL any more, and to wait for it would be for ever.
  @Test
  void rotation_keyOfTheCompromisedRootIsGone_endsWithoutItsCrl() throws Exception {
    World world = retiring();
    KeyLabel old = first(world);
    world.token().destroy(world.token().find(old).orElseThrow());

    assertThat(runs(world, new Fuse(-1))).isFalse();

    try (EmbeddedDatabase database = EmbeddedDatabase.open(world.store())) {
      RotationState last = new SqlRotationJournal(database, "x509").last().orElseThrow().state();
      assertThat(last).isInstanceOf(Steady.class);
      assertThat(last.other()).isEmpty();
    }
  }

  /** One whose process has ended as soon as that was in the journal. */
  private World retiring() throws Exception {
    for (int moments = 1; ; moments++) {
      World world =
          new World(
              true,
              new FakeKeyCustodian(),
              new FakeLedger(),
              folder.resolve("retiring-" + moments));
      assertThat(runs(world, new Fuse(moments))).isTrue();
      try (EmbeddedDatabase database = EmbeddedDatabase.open(world.store())) {
        Optional<JournalEntry> last = new SqlRotationJournal(database, "x509").last();
        if (last.filter(entry -> entry.state() instanceof Retiring).isPresent()) {
          return world;
        }
      }
    }
  }

  private static KeyLabel first(World world) throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(world.store())) {
      return new SqlAuthorityStore(database).ca(Generation.FIRST).orElseThrow().label();
    }
  }

  /** One process: begins the rotation if nobody has, and goes as far as it comes. */
  private static boolean runs(World world, Fuse fuse) throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(world.store())) {
      RotationJournal journal =
          fuse.around(
              RotationJournal.class, new SqlRotationJournal(database, "x509"), Set.of("append"));
      Roots roots = roots(world, database, fuse);
      if (journal.last().isEmpty()) {
        Generation first = new Generation(Generation.FIRST, roots.first());
        boolean _ = journal.append(Rotations.first(first, Fixtures.NOW));
      }
      Authorities authorities = authorities(roots, database, journal);
      CrlKeeper keeper = keeper(world, database, fuse);
      RotatedKeys keys = new CaKeys(roots, revoker(world, keeper, authorities, database, fuse));
      Rotations rotations = rotations(journal, keys);
      if (world.ledger().find(ISSUING).isEmpty()) {
        world.ledger().intend(issuing(root(roots)));
      }
      if (journal.newest(2).size() == 1) {
        rotations.start("alice", "due", compromised(world, roots));
      }
      RotationRunner runner =
          new RotationRunner(journal, rotations, keys, () -> true, _ -> {}, new TestClock());
      long before;
      do {
        before = journal.last().orElseThrow().number();
        authorities.trust(agreed(journal), Instant.MAX);
        RevocationState _ = keeper.look(new Ours(authorities));
        Outlook _ = runner.run();
      } while (journal.last().orElseThrow().number() > before);
      return false;
    } catch (Gone e) {
      return true;
    }
  }

  private static Optional<String> compromised(World world, Roots roots) throws Exception {
    return Optional.of(root(roots).hex()).filter(_ -> world.compromised());
  }

  private static AuthorityId root(Roots roots) throws Exception {
    return AuthorityId.of(roots.chain(Generation.FIRST).orElseThrow().certificate());
  }

  /** What the first root has signed. */
  private static Intent issuing(AuthorityId root) {
    return new Intent(
        ISSUING,
        Fixtures.DOMAIN.id(),
        CertificateProfile.ISSUING.toString(),
        CertificateSigner.OWN,
        root.keyId(),
        new byte[] {1},
        Fixtures.NOW.plus(Duration.ofDays(30)),
        Fixtures.NOW);
  }

  private static CrlKeeper keeper(World world, EmbeddedDatabase database, Fuse fuse) {
    return new CrlKeeper(
        new SqlRevocations(database),
        fuse.around(CrlStore.class, new SqlCrlStore(database), Set.of("keep")),
        new FakeLiveCertificates(world.ledger()),
        () -> true,
        new Unheard(),
        _ -> {},
        new TestClock());
  }

  private static Revoker revoker(
      World world,
      CrlKeeper keeper,
      Authorities authorities,
      EmbeddedDatabase database,
      Fuse fuse) {
    return new Revoker(
        fuse.around(Revocations.class, new SqlRevocations(database), Set.of("add")),
        new SqlCrlStore(database),
        new FakeLiveCertificates(world.ledger()),
        world.ledger(),
        Fixtures.CART,
        new Unheard(),
        () -> keeper.look(new Ours(authorities)),
        new Unheard(),
        new TestClock());
  }

  private record Ours(Authorities authorities) implements CrlSources {
    @Override
    public List<Authority> issuing() {
      return authorities.issuing();
    }

    @Override
    public List<Authority> cas() throws AuthorityException, CustodyException, LedgerException {
      return authorities.cas();
    }

    @Override
    public List<X509Certificate> roots() {
      return authorities.bundle().authorities();
    }
  }

  /** Of a server that begins now; the CA signs leaves itself, so nothing else is signed. */
  private static Authorities authorities(
      Roots roots, EmbeddedDatabase database, RotationJournal journal) throws Exception {
    AuthorityPolicy usual = Fixtures.policy(Duration.ofHours(1));
    AuthorityPolicy direct =
        new AuthorityPolicy(
            usual.trustDomain(),
            usual.algorithm(),
            usual.rootLifetime(),
            usual.issuingLifetime(),
            true,
            usual.hosts());
    return Authorities.open(
        roots,
        new SqlAuthorityStore(database),
        new FakeKeyCustodian(),
        agreed(journal),
        direct,
        IssuingListener.NONE,
        new TestClock());
  }

  private static Agreed agreed(RotationJournal journal) throws Exception {
    return Succession.agreed(journal.last().orElseThrow().state());
  }

  /** Nobody else is there. */
  private static final class Unheard implements Revoker.Listener, Changes {
    @Override
    public void revoked(Revocation revocation) {}

    @Override
    public void denied(Denial denial) {}

    @Override
    public void lifted(SpiffeId id, String by) {}

    @Override
    public void announce() {}

    @Override
    public Listening listen(Runnable onChange) {
      return () -> {};
    }
  }

  private static Roots roots(World world, EmbeddedDatabase database, Fuse fuse) {
    TestClock clock = new TestClock();
    IssuanceRecorder ledger =
        fuse.around(IssuanceRecorder.class, world.ledger(), Set.of("intend", "issued"));
    return new Roots(
        fuse.around(
            AuthorityStore.class, new SqlAuthorityStore(database), Set.of("intend", "establish")),
        fuse.around(KeyCustodian.class, world.token(), Set.of("generate", "destroy")),
        new CertificateSigner(ledger, Fixtures.serials(), clock),
        Fixtures.policy(Duration.ofHours(1)),
        clock);
  }

  private static Rotations rotations(RotationJournal journal, RotatedKeys keys) {
    RotationPolicy policy =
        new RotationPolicy(
            false,
            Optional.empty(),
            Duration.ofDays(1),
            Duration.ofHours(1),
            Duration.ofMinutes(10),
            true);
    SoleReplica replica = new SoleReplica(new TestClock());
    replica.report(new Report(99, 9, 9, 2)); // it follows whatever comes
    return new Rotations(
        journal,
        keys,
        replica,
        new FakeHolders(new FakeLedger()),
        policy,
        Optional::empty,
        _ -> {},
        new TestClock());
  }

  private static void assertOver(World world) throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.open(world.store())) {
      RotationJournal journal = new SqlRotationJournal(database, "x509");
      JournalEntry last = journal.last().orElseThrow();
      assertThat(last.state()).isInstanceOf(Steady.class);
      Generation active = last.state().active();
      assertThat(active.number()).isEqualTo(2);
      assertThat(last.state().other()).isEmpty();
      assertThat(world.token().labels()).containsExactly(active.label()); // KC-7
      assertThat(journal.generations()).hasSize(2);
      CaChain chain = new SqlAuthorityStore(database).ca(2).orElseThrow().chain().orElseThrow();
      assertThat(chain.certificate().getPublicKey())
          .isEqualTo(world.token().find(active.label()).orElseThrow().publicKey());
      assertThat(new SqlRevocations(database).endingFrom(Fixtures.NOW))
          .extracting(Revocation::serial)
          .isEqualTo(world.compromised() ? List.of(ISSUING) : List.of());
      if (world.compromised()) {
        assertToldToTheEnd(new SqlAuthorityStore(database), new SqlCrlStore(database));
      }
    }
  }

  // Nobody can sign another one: the key is gone.
  private static void assertToldToTheEnd(AuthorityStore store, CrlStore crls) throws Exception {
    X509Certificate old = store.ca(1).orElseThrow().chain().orElseThrow().certificate();
    X509CRL crl = crls.find(AuthorityId.of(old)).orElseThrow().crl();
    assertThat(crl.getRevokedCertificate(ISSUING.value())).isNotNull();
    assertThat(crl.getNextUpdate().toInstant())
        .isAfterOrEqualTo(issuing(AuthorityId.of(old)).notAfter());
  }
}
