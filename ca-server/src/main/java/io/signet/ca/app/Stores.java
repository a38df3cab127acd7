package io.signet.ca.app;

import io.signet.ca.config.SignetConfig;
import io.signet.ca.config.StoreConfig;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.Database;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.PostgresDatabase;
import io.signet.ca.store.PostgresSettings;
import io.signet.ca.store.ReplicaId;
import io.signet.ca.store.StoreAwayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

/** Opens the store that the configuration names. */
final class Stores {

  private Stores() {}

  /** What happens while the store does not answer. */
  interface Absence {
    /**
     * Returns when it may be tried again.
     *
     * @throws StoreAwayException to give up
     */
    void because(StoreAwayException why) throws StoreAwayException;
  }

  static Database open(SignetConfig config, Absence absence) throws IOException, LedgerException {
    Path directory = DataDirectory.of(config);
    if (config.store().isEmpty()) {
      return EmbeddedDatabase.open(directory);
    }
    PostgresSettings settings = settings(config.store().get());
    ReplicaId replica = ReplicaId.in(directory, host(), new SecureRandom());
    while (true) {
      try {
        return PostgresDatabase.open(settings, replica);
      } catch (StoreAwayException e) {
        absence.because(e);
      }
    }
  }

  // As this machine, or the pod, is called by itself; nobody has to be asked for it.
  private static String host() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException _) {
      return "";
    }
  }

  private static PostgresSettings settings(StoreConfig config) {
    return new PostgresSettings(
        config.url(), config.user(), config.password().map(place -> place::read));
  }
}
