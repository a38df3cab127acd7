package io.signet.ca.app;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.cli.LocalFiles;
import io.signet.ca.cli.RunningServer;
import io.signet.ca.cli.StartException;
import io.signet.ca.config.ListenConfig;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.SelfCheckException;
import io.signet.hsm.CustodyException;
import io.signet.sds.Timer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A whole server: everything is made, started and connected here, and stopped in reverse. */
final class SignetServer implements RunningServer {

  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Lifecycle life;
  private final ListenConfig listening;

  private SignetServer(Lifecycle life, ListenConfig listening) {
    this.life = life;
    this.listening = listening;
  }

  /**
   * Starts everything that the configuration names, or nothing.
   *
   * @param file where that is from, if its entitlements are to follow it
   * @throws StartException with what is wrong, for a person
   */
  static SignetServer start(SignetConfig config, Optional<Path> file, Clock clock)
      throws StartException {
    Lifecycle life = new Lifecycle();
    return started(new Setting(config, file, clock, life.started(new SystemTimer()), life));
  }

  /** The same by this timer, which outlives it. */
  static SignetServer start(SignetConfig config, Clock clock, Timer timer) throws StartException {
    return started(new Setting(config, Optional.empty(), clock, timer, new Lifecycle()));
  }

  private static SignetServer started(Setting setting) throws StartException {
    CryptoProvider.install();
    try {
      return new SignetServer(setting.life(), opened(setting));
    } catch (AuthorityException
        | CustodyException
        | IOException
        | LedgerException
        | RenewalException
        | SelfCheckException
        | IllegalArgumentException e) {
      setting.life().close();
      throw new StartException(reason(e), e);
    }
  }

  private static String reason(Exception e) {
    return e instanceof IOException file
        ? LocalFiles.problem(file)
        : String.valueOf(e.getMessage());
  }

  // The operator plane first: it tells what a start waits for.
  private static ListenConfig opened(Setting setting)
      throws AuthorityException,
          CustodyException,
          IOException,
          LedgerException,
          RenewalException,
          SelfCheckException {
    OperatorSide operator = OperatorSide.open(setting);
    IssuingCore core = new CoreOpening(setting, operator.custody(), operator.readiness()).open();
    operator.issues(core);
    return new WorkloadSide(setting, operator, core).open();
  }

  @Override
  public ListenConfig listening() {
    return listening;
  }

  @Override
  public void awaitTermination() throws InterruptedException {
    stopped.await();
  }

  /** Stops in reverse order: first it is no longer ready, then the calls end, then the store. */
  @Override
  public void close() {
    life.close();
    stopped.countDown();
  }
}
