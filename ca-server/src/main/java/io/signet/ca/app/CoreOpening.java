package io.signet.ca.app;

import io.signet.ca.app.Custodians.Absence;
import io.signet.ca.app.IssuingCore.Own;
import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.authority.Roots;
import io.signet.ca.authority.UpstreamCa;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.IssuanceLedger.Unfinished;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.JournalEntry;
import io.signet.ca.rotation.RotationJournal;
import io.signet.ca.rotation.RotationState;
import io.signet.ca.rotation.Rotations;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Cluster;
import io.signet.ca.store.Database;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.SqlHolders;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.ca.store.SqlPodHolders;
import io.signet.ca.store.SqlRotationJournal;
import io.signet.ca.store.StoreAwayException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way to an {@link IssuingCore}: opens store and custodian, finds or makes the root. */
final class CoreOpening {

  private static final Logger LOG = LoggerFactory.getLogger(CoreOpening.class);

  private static final String X509 = "x509";

  private static final Duration RETRY = Duration.ofSeconds(5);

  private final Setting setting;
  private final SignetConfig config;
  private final Clock clock;
  private final Lifecycle life;
  private final KeyCustody custody;
  private final PhasedReadiness readiness;

  /**
   * @param custody told of the custodian
   * @param readiness told why {@link #open} does not return yet: the store or the token is not
   *     there (P11-22), or the CA above
   */
  CoreOpening(Setting setting, KeyCustody custody, PhasedReadiness readiness) {
    this.setting = setting;
    this.config = setting.config();
    this.clock = setting.clock();
    this.life = setting.life();
    this.custody = custody;
    this.readiness = readiness;
  }

  /** What is remembered, and by whom. */
  private record Memory(
      Database database,
      Cluster cluster,
      SqlIssuanceLedger ledger,
      SqlAuthorityStore store,
      SqlHolders holders,
      RotationJournal journal) {}

  /** What keeps keys: those of CAs, and those of issuing authorities. */
  private record Keys(KeyCustodian cas, KeyCustodian issuers) {}

  /** Who signs. */
  private record Signing(Authorities authorities, Optional<Own> own) {}

  /** Everything open, and the issuing authority kept renewed. */
  IssuingCore open()
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    SecureRandom random = new SecureRandom();
    Memory memory = memory(random);
    reconcile(memory.ledger());
    CertificateSigner signer = signer(memory, random);
    ofOurCustodian(memory).ifPresent(custody::caIs);
    Keys keys = keys();
    RevocationDesk revocation = RevocationDesk.open(memory.database(), memory.cluster(), clock);
    Signing signing = signing(memory, keys, signer, revocation);
    Authorities authorities = signing.authorities();
    custody.looked(Optional.empty()); // it has just signed
    // What fails there is told by the custodian's listener and in readiness.
    looks(keys.cas(), authorities).forEach(look -> setting.renewed(look, _ -> {}));
    Renewal renewal = renewal(authorities);
    prune(memory.ledger(), revocation);
    forget(memory.cluster(), memory.holders());
    return new IssuingCore(
        authorities, signer, memory.ledger(), revocation, renewal, signing.own());
  }

  private Memory memory(SecureRandom random) throws IOException, LedgerException {
    Database database = life.started(Stores.open(config, this::awaitStore));
    Cluster cluster = life.started(Cluster.join(database, clock, random));
    return new Memory(
        database,
        cluster,
        life.started(new SqlIssuanceLedger(database)),
        new SqlAuthorityStore(database),
        SqlHolders.open(database, cluster.self()),
        new SqlRotationJournal(database, X509));
  }

  private CertificateSigner signer(Memory memory, SecureRandom random) {
    return new CertificateSigner(
        memory.ledger(),
        () -> SerialNumber.draw(memory.cluster().serialPrefix(), clock.instant(), random),
        clock);
  }

  private Keys keys() throws CustodyException, IOException {
    KeyCustodian custodian =
        custody.opened(
            life.started(
                Custodians.open(config.keys().custodian(), clock, custody, this::awaitCustodian)));
    return new Keys(
        custodian,
        switch (config.keys().issuing()) {
          case MEMORY -> custody.beside(life.started(new MemoryKeyCustodian()));
          case CUSTODIAN, ROOT -> custodian;
        });
  }

  private Signing signing(
      Memory memory, Keys keys, CertificateSigner signer, IssuingListener listener)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    return config.authority().root() instanceof Root.Upstream root
        ? new Signing(below(root, memory, keys, listener), Optional.empty())
        : own(memory, keys, signer, listener);
  }

  private Signing own(Memory memory, Keys keys, CertificateSigner signer, IssuingListener listener)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    AuthorityPolicy policy = IssuingCore.policy(config);
    Roots roots = new Roots(memory.store(), keys.cas(), signer, policy, clock);
    Own own =
        new Own(
            roots,
            memory.store(),
            memory.journal(),
            memory.holders(),
            new SqlPodHolders(memory.database()),
            memory.cluster());
    Agreed agreed = Succession.agreed(begun(own));
    Authorities authorities =
        Authorities.open(roots, memory.store(), keys.issuers(), agreed, policy, listener, clock);
    Instant heard = memory.cluster().replicas().heard();
    authorities.trust(agreed, heard.plus(Succession.patience(config.svid().maxLifetime())));
    custody.caIs(memory.store().ca(agreed.active()).orElseThrow());
    return new Signing(authorities, Optional.of(own));
  }

  /** How the rotation stands; the first root is made where there is none, by the one that leads. */
  private RotationState begun(Own own)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    while (true) {
      Optional<JournalEntry> last = own.journal().last();
      if (last.isPresent()) {
        return last.get().state();
      }
      if (own.cluster().leadership().leads()) {
        Generation only = new Generation(Generation.FIRST, own.roots().first());
        boolean _ = own.journal().append(Rotations.first(only, clock.instant()));
      } else {
        var another = new LedgerException("another replica makes the first root");
        readiness.waits("authority", String.valueOf(another.getMessage()));
        pause("the first root", another);
      }
    }
  }

  // The CA above may be away at our start, as a token may be.
  private Authorities below(Root.Upstream root, Memory memory, Keys keys, IssuingListener listener)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    Absence absence = this::awaitCa;
    List<X509Certificate> roots = Upstreams.roots(root);
    UpstreamCa upstream =
        life.started(Upstreams.open(root, roots, config.trustDomain(), clock, absence));
    while (true) {
      try {
        return Authorities.under(
            upstream,
            roots,
            memory.store(),
            keys.issuers(),
            keys.cas(),
            IssuingCore.policy(config),
            listener,
            clock);
      } catch (CustodyException e) {
        absence.endsFor(e);
      }
    }
  }

  // What was before the root moved elsewhere is of no use any more, and need not be there.
  private Optional<CaRecord> ofOurCustodian(Memory memory) throws LedgerException {
    if (config.authority().root() instanceof Root.Upstream) {
      return Optional.empty();
    }
    Optional<JournalEntry> last = memory.journal().last();
    return memory
        .store()
        .ca(last.map(entry -> entry.state().active().number()).orElse(Generation.FIRST));
  }

  // The CA's key where it is ours, and the key that signs leaves where that is in the custodian.
  private List<Renewal.Work> looks(KeyCustodian custodian, Authorities authorities) {
    List<Renewal.Work> looks = new ArrayList<>();
    if (custody.sought().isPresent()) {
      looks.add(new CustodianCheck(custody, custodian, custody::sought, clock));
    }
    if (config.keys().issuing() == Issuing.CUSTODIAN) {
      // Of two looks at one custodian the first tells.
      Consumer<Optional<CustodyException>> told = looks.isEmpty() ? custody::looked : _ -> {};
      looks.add(new IssuingKeyCheck(authorities, told, clock));
    }
    return looks;
  }

  private void awaitCustodian(CustodyException why) throws CustodyException {
    custody.waits(why);
    custody.problem().ifPresent(problem -> readiness.waits("keys", problem));
    pause("the custodian", why);
  }

  private void awaitStore(StoreAwayException why) throws StoreAwayException {
    readiness.waits("store", String.valueOf(why.getMessage()));
    pause("the store", why);
  }

  private void awaitCa(CustodyException why) throws CustodyException {
    readiness.waits("authority", String.valueOf(why.getMessage()));
    pause("the CA above", why);
  }

  // It may come later than we do, and then nobody shall have to start us again.
  private static <E extends Exception> void pause(String what, E why) throws E {
    LOG.warn("waits for {}: {}", what, why.getMessage());
    try {
      Thread.sleep(RETRY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw why;
    }
  }

  private Renewal renewal(Authorities authorities) {
    return setting.renewed(
        new AuthorityRenewal(authorities),
        e -> LOG.error("the issuing authority was not renewed", e));
  }

  private void prune(IssuanceLedger ledger, RevocationDesk revocation) {
    setting.renewed(
        new LedgerPruning(ledger, revocation::prune, config.ledger().retention(), clock),
        e -> LOG.warn("the ledger was not pruned: {}", e.getMessage()));
  }

  private void forget(Cluster cluster, SqlHolders holders) {
    setting.renewed(
        new GoneReplicas(cluster, holders, config.svid().maxLifetime(), clock),
        e -> LOG.warn("replicas that are gone were not forgotten: {}", e.getMessage()));
  }

  private record AuthorityRenewal(Authorities authorities) implements Renewal.Work {
    @Override
    public Instant due() {
      return authorities.renewAt();
    }

    @Override
    public void run() throws RenewalException {
      try {
        authorities.renew();
      } catch (AuthorityException | CustodyException | LedgerException | SelfCheckException e) {
        throw new RenewalException(String.valueOf(e.getMessage()), e);
      }
    }
  }

  // ISS-8: over each of these a signature may exist that was never released. Before anything is
  // signed: what is open now was left by a process that has ended.
  private static void reconcile(IssuanceLedger ledger) throws LedgerException {
    Unfinished unfinished = ledger.reconcile();
    if (unfinished.first().isPresent()) {
      LOG.warn(
          "{} intents have no result: a crash came between; the first is {}",
          unfinished.count(),
          unfinished.first().get());
    }
  }
}
