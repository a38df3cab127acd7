package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.IssuingAuthority;
import io.signet.ca.authority.IssuingListener;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.CrlDelivery.Withheld;
import io.signet.ca.revocation.CrlKeeper;
import io.signet.ca.revocation.CrlSources;
import io.signet.ca.revocation.CrlStore;
import io.signet.ca.revocation.LiveCertificates;
import io.signet.ca.revocation.RevocationState;
import io.signet.ca.revocation.Revocations;
import io.signet.ca.revocation.Revoker;
import io.signet.ca.rotation.Changes;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Cluster;
import io.signet.ca.store.Database;
import io.signet.ca.store.SqlCrlStore;
import io.signet.ca.store.SqlLiveCertificates;
import io.signet.ca.store.SqlRevocations;
import io.signet.hsm.CustodyException;
import io.signet.sds.Timer;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the CRLs kept, and everything follow what is revoked: looks at once when something has
 * changed, and every few seconds.
 */
final class RevocationDesk implements IssuingListener, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RevocationDesk.class);

  private static final Duration EVERY = Duration.ofSeconds(5);

  private final Revocations revocations;
  private final CrlStore crls;
  private final LiveCertificates live;
  private final Changes changes;
  private final CrlKeeper keeper;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);

  private RevocationDesk(Database database, Cluster cluster, Clock clock) {
    this.revocations = new SqlRevocations(database);
    this.crls = new SqlCrlStore(database);
    this.live = new SqlLiveCertificates(database);
    this.changes = cluster.changes();
    this.clock = clock;
    this.keeper =
        new CrlKeeper(revocations, crls, live, cluster.leadership(), changes, this::pause, clock);
  }

  /** Over this store; does nothing yet but for issuing authorities that are made. */
  static RevocationDesk open(Database database, Cluster cluster, Clock clock) {
    return new RevocationDesk(database, cluster, clock);
  }

  private void pause(Duration time) {
    try {
      boolean _ = closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void made(IssuingAuthority issuing, boolean isUrgent)
      throws CustodyException, LedgerException, SelfCheckException {
    keeper.made(issuing.authority(), isUrgent);
  }

  /** What was seen last. */
  RevocationState state() {
    return keeper.state();
  }

  /** Forgets what ended before this. */
  void prune(Instant endedBefore) throws LedgerException {
    int _ = revocations.prune(endedBefore);
    int _ = crls.prune(endedBefore);
  }

  /**
   * Looks from now on.
   *
   * @param renew has another issuing authority made, beside us: ours was revoked
   * @param onChange is told what there is now, at once and after each change
   * @param life gets what is to be closed again
   * @return what administrators do
   */
  Revoker follow(
      Authorities authorities,
      IssuanceLedger ledger,
      SpiffeId self,
      Revoker.Listener audit,
      Runnable renew,
      Consumer<RevocationState> onChange,
      Timer timer,
      Lifecycle life) {
    Looking looking = new Looking(authorities, renew, onChange);
    life.started(this);
    looking.untilItSucceeds(); // before anybody is served
    Beat beat = life.started(new Beat(looking::unlessItFails, EVERY, timer));
    life.started(changes.listen(beat::wake));
    beat.wake();
    return new Revoker(revocations, crls, live, ledger, self, changes, looking::now, audit, clock);
  }

  /** A look at what is revoked, and what follows from it. */
  private final class Looking {

    private final Authorities authorities;
    private final Runnable renew;
    private final Consumer<RevocationState> onChange;
    private RevocationState told = RevocationState.NONE;
    private List<String> alarms = List.of();

    Looking(Authorities authorities, Runnable renew, Consumer<RevocationState> onChange) {
      this.authorities = authorities;
      this.renew = renew;
      this.onChange = onChange;
    }

    void untilItSucceeds() {
      while (!succeeds() && closed.getCount() > 0) {
        pause(EVERY);
      }
    }

    void unlessItFails() {
      boolean _ = succeeds();
    }

    private boolean succeeds() {
      try {
        RevocationState _ = now();
        return true;
      } catch (LedgerException e) {
        LOG.warn("what is revoked cannot be read, and is tried again: {}", e.getMessage());
        return false;
      }
    }

    // In one step: what is seen later is told later. What is made because of it comes from another
    // authority.
    synchronized RevocationState now() throws LedgerException {
      RevocationState state = keeper.look(new Ours(authorities));
      authorities.issuing().stream()
          .map(Authority::certificate)
          .filter(issuing -> state.refusal(List.of(issuing)).isPresent())
          .forEach(this::lose);
      tell(state);
      return state;
    }

    // Nobody believes what it signs.
    private void lose(X509Certificate issuing) {
      if (authorities.revoked(issuing)) {
        LOG.warn("the issuing authority was revoked; another one is made");
        renew.run();
      }
    }

    private void tell(RevocationState state) {
      alarm(state);
      if (!state.isAs(told)) {
        told = state;
        onChange.accept(state);
      }
    }

    // Once for each, for nobody reads the same line every few seconds.
    private void alarm(RevocationState state) {
      List<String> now = alarms(state);
      now.stream().filter(each -> !alarms.contains(each)).forEach(LOG::error);
      if (now.isEmpty() && !alarms.isEmpty()) {
        LOG.info("the CRLs are in order again");
      }
      alarms = now;
    }
  }

  /** What a person should look at. */
  static List<String> alarms(RevocationState state) {
    return state.delivery() instanceof Withheld(String why)
        ? Stream.concat(state.problems().stream(), Stream.of("no CRLs are delivered: " + why))
            .toList()
        : state.problems();
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

  /** Ends a wait. */
  @Override
  public void close() {
    closed.countDown();
  }
}
