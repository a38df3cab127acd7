package io.signet.ca.app;

import io.signet.ca.config.SignetConfig;
import io.signet.ca.config.StoreConfig;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.store.Database;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.PostgresDatabase;
import io.signet.ca.store.PostgresSettings;
import io.signet.ca.store.StoreAwayException;
import java.io.IOException;
import java.nio.file.Path;

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
    while (true) {
      try {
        return PostgresDatabase.open(settings);
      } catch (StoreAwayException e) {
        absence.because(e);
      }
    }
  }

  private static PostgresSettings settings(StoreConfig config) {
    return new PostgresSettings(
        config.url(), config.user(), config.password().map(place -> place::read));
  }
}
