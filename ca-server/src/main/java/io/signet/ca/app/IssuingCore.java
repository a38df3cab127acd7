package io.signet.ca.app;

import io.signet.ca.app.Custodians.Absence;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.authority.UpstreamCa;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.Renewal;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.IssuanceLedger.Unfinished;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Database;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.sds.Timer;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What signs and what remembers it: the store, the ledger in it, the authorities over the
 * custodian.
 */
record IssuingCore(Authorities authorities, CertificateSigner signer, IssuanceLedger ledger) {

  private static final Logger LOG = LoggerFactory.getLogger(IssuingCore.class);

  private static final Duration CUSTODIAN_RETRY = Duration.ofSeconds(5);

  /**
   * Opens store and custodian, finds or makes the root, and keeps the issuing authority renewed.
   *
   * @param check told of the custodian
   * @param waits told why this does not return yet: the token is not there (P11-22)
   * @param life gets what is to be closed again, also when this fails
   */
  static IssuingCore open(
      SignetConfig config,
      Clock clock,
      Timer timer,
      CustodianCheck check,
      Consumer<String> waits,
      Lifecycle life)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    Database database = life.started(Database.open(DataDirectory.of(config)));
    SqlIssuanceLedger ledger = life.started(new SqlIssuanceLedger(database));
    SqlAuthorityStore store = new SqlAuthorityStore(database);
    CertificateSigner signer = new CertificateSigner(ledger, serials(store, clock), clock);
    reconcile(ledger);
    Absence absence = why -> pause(why, waits);
    KeyCustodian custodian =
        life.started(Custodians.open(config.keys().custodian(), clock, check, absence));
    KeyCustodian issuers =
        switch (config.keys().issuing()) {
          case MEMORY -> life.started(new MemoryKeyCustodian());
          case CUSTODIAN, ROOT -> custodian;
        };
    Authorities authorities =
        switch (config.authority().root()) {
          case Root.Own _, Root.Imported _ ->
              Authorities.open(store, custodian, issuers, signer, policy(config), clock);
          case Root.Upstream root -> {
            UpstreamCa upstream =
                life.started(Upstreams.open(root, config.trustDomain(), clock, absence));
            yield below(
                absence,
                () ->
                    Authorities.under(
                        upstream, Upstreams.roots(root), store, issuers, policy(config), clock));
          }
        };
    for (CaRecord ca : store.ca().stream().toList()) {
      ca.chain()
          .ifPresent(chain -> check.of(custodian, ca.label(), chain.certificate().getPublicKey()));
    }
    life.started(checking(check, timer, clock));
    life.started(renewal(authorities, timer, clock));
    life.started(pruning(ledger, config, timer, clock));
    return new IssuingCore(authorities, signer, ledger);
  }

  private interface Opening {
    Authorities open()
        throws AuthorityException,
            CustodyException,
            IOException,
            LedgerException,
            SelfCheckException;
  }

  // The CA above may be away at our start, as a token may be.
  private static Authorities below(Absence absence, Opening opening)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          SelfCheckException {
    while (true) {
      try {
        return opening.open();
      } catch (CustodyException e) {
        absence.endsFor(e);
      }
    }
  }

  private static Supplier<SerialNumber> serials(SqlAuthorityStore store, Clock clock)
      throws LedgerException {
    SecureRandom random = new SecureRandom();
    int prefix = store.serialPrefix(random);
    return () -> SerialNumber.draw(prefix, clock.instant(), random);
  }

  // A token may come later than we do, and then nobody shall have to start us again.
  private static void pause(CustodyException why, Consumer<String> waits) throws CustodyException {
    waits.accept(String.valueOf(why.getMessage()));
    LOG.warn("waits for the custodian: {}", why.getMessage());
    try {
      Thread.sleep(CUSTODIAN_RETRY);
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
        config.keys().issuing() == Issuing.ROOT);
  }

  private static Renewal renewal(Authorities authorities, Timer timer, Clock clock) {
    Renewal renewal =
        new Renewal(
            new AuthorityRenewal(authorities),
            timer,
            clock,
            e -> LOG.error("the issuing authority was not renewed", e));
    renewal.start();
    return renewal;
  }

  // Its listener is silent: what fails is told by the custodian's listener and in readiness.
  private static Renewal checking(CustodianCheck check, Timer timer, Clock clock) {
    Renewal checking = new Renewal(check, timer, clock, _ -> {});
    checking.start();
    return checking;
  }

  private static Renewal pruning(
      IssuanceLedger ledger, SignetConfig config, Timer timer, Clock clock) {
    Renewal pruning =
        new Renewal(
            new LedgerPruning(ledger, config.ledger().retention(), clock),
            timer,
            clock,
            e -> LOG.warn("the ledger was not pruned: {}", e.getMessage()));
    pruning.start();
    return pruning;
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
