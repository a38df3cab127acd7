package io.signet.ca.store;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** Brings the tables of a database to what this version needs. */
final class Migrations {

  private static final String FOLDER = "classpath:io/signet/ca/store/migration";

  private Migrations() {}

  /**
   * Applies what is missing, in order, each once. What a later version has added stays (the rules
   * are told in the package's description). Of several processes at one database one does it while
   * the others wait.
   *
   * @throws SQLException when one could not be applied; those before it are
   */
  static void apply(DataSource database) throws SQLException {
    try {
      Flyway migrations = of(database);
      // To look is enough for most starts, and a full disk can be read.
      if (migrations.info().pending().length > 0) {
        var _ = migrations.migrate();
      }
    } catch (FlywayException e) {
      throw new SQLException("the tables cannot be brought up to date: " + e.getMessage(), e);
    }
  }

  /**
   * The same where others may begin at the same moment. On a new database two of them can both find
   * nothing, and then one of them what the other has just begun: it sees that when it looks again.
   */
  static void applyAmongOthers(DataSource database) throws SQLException {
    try {
      apply(database);
    } catch (SQLException first) {
      try {
        apply(database);
      } catch (SQLException again) {
        again.addSuppressed(first);
        throw again;
      }
    }
  }

  private static Flyway of(DataSource database) {
    return Flyway.configure()
        .dataSource(database)
        .locations(FOLDER)
        // Tables without migrations: made by a version before them, and known to the first.
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .ignoreMigrationPatterns("*:future")
        .load();
  }
}
