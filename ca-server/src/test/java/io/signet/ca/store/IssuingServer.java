package io.signet.ca.store;

import io.signet.ca.authority.Authorities;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.IssuanceLedger.Unfinished;
import io.signet.ca.signing.CertificateSigner;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.hsm.soft.QuickFileKeys;
import io.signet.spiffe.SerialNumber;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All of a server that issues, its store in one folder and all else in another, put together in the
 * order of a start. Every signature of its custodians is in the journal before anybody has it.
 *
 * @param found what the start before this one has left
 */
record IssuingServer(
    IssueSvid issuance, SqlIssuanceLedger ledger, Unfinished found, List<AutoCloseable> parts)
    implements AutoCloseable {

  private static final Clock CLOCK = Clock.systemUTC();
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Who follows what it does; each call comes from the thread that issues. */
  @FunctionalInterface
  interface Watcher extends Steps {

    /** A serial number was drawn. */
    default void drawn(SerialNumber serial) {}

    /** A signature was made, and is in the journal. */
    default void signed() {}
  }

  /** One that nobody follows. */
  static IssuingServer open(Path store, Path folder) throws Exception {
    return open(store, folder, _ -> {});
  }

  static IssuingServer open(Path store, Path folder, Watcher watcher) throws Exception {
    return open(EmbeddedDatabase.open(store), folder, watcher);
  }

  /** One whose store is this, and goes with it. */
  static IssuingServer open(Database database, Path folder, Watcher watcher) throws Exception {
    var cluster = Cluster.join(database, CLOCK, RANDOM);
    var ledger = new SqlIssuanceLedger(database);
    Unfinished found = ledger.reconcile();
    var journal = SignatureJournal.open(journal(folder));
    WitnessedCustodian.Witness witness =
        (message, signature) -> {
          journal.add(message, signature);
          watcher.signed();
        };
    var roots = new WitnessedCustodian(QuickFileKeys.open(folder.resolve("keys")), witness);
    var issuers = new WitnessedCustodian(new MemoryKeyCustodian(), witness);
    var signer = new CertificateSigner(ledger, serials(cluster, watcher::drawn), CLOCK);
    Authorities authorities = IssuingParts.authorities(database, roots, issuers, signer, CLOCK);
    return new IssuingServer(
        IssuingParts.issuance(authorities, signer, watcher, CLOCK),
        ledger,
        found,
        List.of(issuers, roots, journal, ledger, cluster, database));
  }

  /** Where the journal is. */
  static Path journal(Path folder) {
    return folder.resolve("signatures");
  }

  private static Supplier<SerialNumber> serials(Cluster cluster, Consumer<SerialNumber> drawn) {
    return () -> {
      SerialNumber serial = SerialNumber.draw(cluster.serialPrefix(), CLOCK.instant(), RANDOM);
      drawn.accept(serial);
      return serial;
    };
  }

  /** Issues one certificate. */
  X509Certificate issue() {
    return ((Issued) ask()).svid().leaf();
  }

  /** Asks for one certificate. */
  IssuanceOutcome ask() {
    return IssuingParts.ask(issuance);
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable part : parts) {
      part.close();
    }
  }
}
