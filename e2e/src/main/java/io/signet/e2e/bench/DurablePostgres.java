package io.signet.e2e.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;

/** A PostgreSQL of our own on this machine, which forces each commit to the disk. */
public final class DurablePostgres {

  /** Who owns its database {@code postgres}; needs no password. */
  public static final String USER = "postgres";

  private DurablePostgres() {}

  /** Starts one; the caller closes it. */
  public static EmbeddedPostgres start() throws IOException {
    return EmbeddedPostgres.builder()
        .setServerConfig("fsync", "on")
        .setServerConfig("full_page_writes", "on")
        .setServerConfig("synchronous_commit", "on")
        .start();
  }

  /** Its address for JDBC. */
  public static String url(EmbeddedPostgres server) {
    return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres";
  }
}
