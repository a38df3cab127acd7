package io.signet.ca.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** What both databases say and take alike. */
final class Sql {

  private static final String DUPLICATE_KEY = "23505"; // ISO/IEC 9075-2, integrity constraint

  private Sql() {}

  /** Whether a row with the same key is there. */
  static boolean isDuplicate(SQLException e) {
    return DUPLICATE_KEY.equals(e.getSQLState());
  }

  static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }
}
