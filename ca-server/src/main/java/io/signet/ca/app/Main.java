package io.signet.ca.app;

import io.signet.ca.cli.CaOffice;
import io.signet.ca.cli.ServerStarter;
import io.signet.ca.cli.SignetCommand;
import java.time.Clock;

/** Where everything begins. */
public final class Main {

  private Main() {}

  /** Runs one command and exits: 0 done, 1 refused or failed, 2 wrong usage. */
  public static void main(String[] args) {
    Clock clock = Clock.systemUTC();
    ServerStarter starter = (config, file) -> SignetServer.start(config, file, clock);
    Custodians custody = new Custodians();
    CaOffice office = new Office(custody, clock);
    System.exit(new SignetCommand(starter, custody, office, clock).run(args));
  }
}
