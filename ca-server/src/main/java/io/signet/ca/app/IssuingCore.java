package io.signet.ca.app;

import io.signet.ca.app.Custodians.Absence;
import io.signet.ca.authority.Agreed;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore;
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
import io.signet.ca.rotation.Holders;
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
import io.signet.ca.store.SqlRotationJournal;
import io.signet.ca.store.StoreAwayException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.sds.Timer;
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
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What signs and what remembers it: the store, the ledger in it, the authorities over the
 * custodian.
 *
 * @param renewal of the issuing authority
 * @param own absent where the root is elsewhere
 */
record IssuingCore(
    Authorities authorities,
    CertificateSigner signer,
    IssuanceLedger ledger,
    RevocationDesk revocation,
    Renewal renewal,
    Optional<Own> own) {

  /** What is ours alone to rotate: the roots, where they are our own. */
  record Own(
      Roots roots,
      AuthorityStore store,
      RotationJournal journal,
      Holders holders,
      Cluster cluster) {}

  private static final Logger LOG = LoggerFactory.getLogger(IssuingCore.class);

  private static final String X509 = "x509";

  private static final Duration RETRY = Duration.ofSeconds(5);

  /**
   * Opens store and custodian, finds or makes the root, and keeps the issuing authority renewed.
   *
   * @param custody told of the custodian
   * @param readiness told why this does not return yet: the token is not there (P11-22), or the CA
   *     above
   * @param life gets what is to be closed again, also when this fails
   */
  static IssuingCore open(
      SignetConfig config,
      Clock clock,
      Timer timer,
      KeyCustody custody,
      PhasedReadiness readiness,
      Lifecycle life)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    Database database = life.started(Stores.open(config, why -> awaitStore(why, readiness)));
    SecureRandom random = new SecureRandom();
    Cluster cluster = life.started(Cluster.join(database, clock, random));
    SqlIssuanceLedger ledger = life.started(new SqlIssuanceLedger(database));
    SqlHolders holders = SqlHolders.open(database, cluster.self());
    SqlAuthorityStore store = new SqlAuthorityStore(database);
    CertificateSigner signer =
        new CertificateSigner(
            ledger,
            () -> SerialNumber.draw(cluster.serialPrefix(), clock.instant(), random),
            clock);
    reconcile(ledger);
    RotationJournal journal = new SqlRotationJournal(database, X509);
    Optional<CaRecord> known = ofOurCustodian(config, store, journal);
    known.ifPresent(custody::caIs);
    KeyCustodian custodian =
        custody.opened(
            life.started(
                Custodians.open(
                    config.keys().custodian(),
                    clock,
                    custody,
                    why -> awaitCustodian(why, custody, readiness))));
    KeyCustodian issuers =
        switch (config.keys().issuing()) {
          case MEMORY -> custody.beside(life.started(new MemoryKeyCustodian()));
          case CUSTODIAN, ROOT -> custodian;
        };
    AuthorityPolicy policy = policy(config);
    RevocationDesk revocation = RevocationDesk.open(database, cluster, clock);
    Optional<Own> own = Optional.empty();
    Authorities authorities;
    if (config.authority().root() instanceof Root.Upstream root) {
      authorities =
          below(
              root,
              config,
              clock,
              store,
              issuers,
              custodian,
              why -> awaitCa(why, readiness),
              revocation,
              life);
    } else {
      Own ours =
          new Own(
              new Roots(store, custodian, signer, policy, clock), store, journal, holders, cluster);
      Agreed agreed = Succession.agreed(begun(ours, readiness, clock));
      authorities =
          Authorities.open(ours.roots(), store, issuers, agreed, policy, revocation, clock);
      own = Optional.of(ours);
      custody.caIs(store.ca(agreed.active()).orElseThrow());
    }
    custody.looked(Optional.empty()); // it has just signed
    looks(config, custodian, custody, authorities, clock)
        .forEach(look -> life.started(looking(look, timer, clock)));
    Renewal renewal = life.started(renewal(authorities, timer, clock));
    life.started(pruning(ledger, revocation, config, timer, clock));
    life.started(forgetting(cluster, holders, config, timer, clock));
    return new IssuingCore(authorities, signer, ledger, revocation, renewal, own);
  }

  /** How the rotation stands; the first root is made where there is none, by the one that leads. */
  private static RotationState begun(Own own, PhasedReadiness readiness, Clock clock)
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
  private static Authorities below(
      Root.Upstream root,
      SignetConfig config,
      Clock clock,
      SqlAuthorityStore store,
      KeyCustodian issuers,
      KeyCustodian custodian,
      Absence absence,
      IssuingListener listener,
      Lifecycle life)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    List<X509Certificate> roots = Upstreams.roots(root);
    UpstreamCa upstream = life.started(Upstreams.open(root, config.trustDomain(), clock, absence));
    while (true) {
      try {
        return Authorities.under(
            upstream, roots, store, issuers, custodian, policy(config), listener, clock);
      } catch (CustodyException e) {
        absence.endsFor(e);
      }
    }
  }

  // What was before the root moved elsewhere is of no use any more, and need not be there.
  private static Optional<CaRecord> ofOurCustodian(
      SignetConfig config, AuthorityStore store, RotationJournal journal) throws LedgerException {
    if (config.authority().root() instanceof Root.Upstream) {
      return Optional.empty();
    }
    Optional<JournalEntry> last = journal.last();
    return store.ca(last.map(entry -> entry.state().active().number()).orElse(Generation.FIRST));
  }

  // The CA's key where it is ours, and the key that signs leaves where that is in the custodian.
  private static List<Renewal.Work> looks(
      SignetConfig config,
      KeyCustodian custodian,
      KeyCustody custody,
      Authorities authorities,
      Clock clock) {
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

  private static void awaitCustodian(
      CustodyException why, KeyCustody custody, PhasedReadiness readiness) throws CustodyException {
    custody.waits(why);
    custody.problem().ifPresent(problem -> readiness.waits("keys", problem));
    pause("the custodian", why);
  }

  private static void awaitStore(StoreAwayException why, PhasedReadiness readiness)
      throws StoreAwayException {
    readiness.waits("store", String.valueOf(why.getMessage()));
    pause("the store", why);
  }

  private static void awaitCa(CustodyException why, PhasedReadiness readiness)
      throws CustodyException {
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

  static AuthorityPolicy policy(SignetConfig config) {
    return new AuthorityPolicy(
        config.trustDomain(),
        config.keys().algorithm(),
        config.authority().root() instanceof Root.Own
            ? Optional.of(config.authority().rootLifetime())
            : Optional.empty(),
        config.authority().issuingLifetime(),
        config.keys().issuing() == Issuing.ROOT,
        hosts(config));
  }

  private static List<String> hosts(SignetConfig config) {
    return Stream.concat(config.servingNames().stream(), config.entitledHosts().stream())
        .distinct()
        .toList();
  }

  private static Renewal renewal(Authorities authorities, Timer timer, Clock clock) {
    return Renewal.started(
        new AuthorityRenewal(authorities),
        timer,
        clock,
        e -> LOG.error("the issuing authority was not renewed", e));
  }

  // Its listener is silent: what fails is told by the custodian's listener and in readiness.
  private static Renewal looking(Renewal.Work look, Timer timer, Clock clock) {
    return Renewal.started(look, timer, clock, _ -> {});
  }

  private static Renewal pruning(
      IssuanceLedger ledger,
      RevocationDesk revocation,
      SignetConfig config,
      Timer timer,
      Clock clock) {
    return Renewal.started(
        new LedgerPruning(ledger, revocation::prune, config.ledger().retention(), clock),
        timer,
        clock,
        e -> LOG.warn("the ledger was not pruned: {}", e.getMessage()));
  }

  private static Renewal forgetting(
      Cluster cluster, SqlHolders holders, SignetConfig config, Timer timer, Clock clock) {
    return Renewal.started(
        new GoneReplicas(cluster, holders, config.svid().maxLifetime(), clock),
        timer,
        clock,
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
