package io.signet.ca.testing;

import io.signet.ca.store.PostgresSettings;
import io.signet.spiffe.SecretBytes;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL, with as many databases as are asked for, each of a user with a password. */
public final class PostgresServer implements AutoCloseable {

  private static final String ACCESS =
      """
      host all,replication postgres 127.0.0.1/32 trust
      host all all      127.0.0.1/32 scram-sha-256
      """;

  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final Set<String> OF_ONE_SERVER =
      Set.of("postmaster.pid", "postmaster.opts", "epg-lock");

  private static final AtomicInteger NAMES = new AtomicInteger();

  private final Path folder;
  private @Nullable EmbeddedPostgres running;
  private int port; // 0: the system chooses

  private PostgresServer(Path folder) {
    this.folder = folder;
  }

  /** One that all tests of this process share; it ends with it. */
  public static PostgresServer shared() {
    return Shared.SERVER;
  }

  private static final class Shared {
    static final PostgresServer SERVER = started();

    private static PostgresServer started() {
      try {
        return start(Files.createTempDirectory("postgres"));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** One to stop and start. */
  public static PostgresServer start(Path folder) throws IOException {
    PostgresServer server = new PostgresServer(folder);
    server.start();
    return server;
  }

  /** Starts it, again with what it had and where it was. */
  public void start() throws IOException {
    Path access = Files.writeString(folder.resolve("access"), ACCESS);
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setDataDirectory(folder.resolve("data"))
            .setCleanDataDirectory(false)
            .setServerConfig("hba_file", access.toString())
            .setServerConfig("listen_addresses", "127.0.0.1");
    if (port != 0) {
      var _ = builder.setPort(port);
    }
    EmbeddedPostgres started = builder.start();
    running = started;
    port = started.getPort();
  }

  /** Stops it; who is connected is cut off. */
  public void stop() throws IOException {
    EmbeddedPostgres was = running;
    running = null;
    if (was != null) {
      was.close();
    }
  }

  /** Ends it at once (PostgreSQL's "immediate" stop): who is connected is cut off in the middle. */
  public void crash() throws IOException {
    ProcessHandle postmaster = postmaster();
    kill("QUIT", postmaster);
    var _ = postmaster.onExit().join();
    stop();
  }

  /**
   * Begins a second one that streams what this one writes. From when it is returned, no commit ends
   * here before it is there too.
   *
   * @param to a folder that exists, for its files
   */
  public PostgresServer standby(Path to) throws IOException, SQLException {
    Path data = to.resolve("data");
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("select pg_backup_start('standby', true)");
      copyTo(data);
      try (ResultSet row = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
        row.next();
        Path _ = Files.writeString(data.resolve("backup_label"), row.getString(1));
      }
    }
    Path _ = Files.createFile(data.resolve("standby.signal"));
    Path _ =
        Files.writeString(
            data.resolve("postgresql.auto.conf"),
            "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres'%n".formatted(port));
    PostgresServer standby = start(to);
    execute("alter system set synchronous_standby_names = '*'");
    execute("select pg_reload_conf()");
    return standby;
  }

  // PostgreSQL, "Making a Base Backup Using the Low Level API": what is of one running server, or
  // streamed anyway, is not copied; and what vanishes meanwhile was of no use.
  private void copyTo(Path to) throws IOException {
    Path from = folder.resolve("data");
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.sorted().toList()) {
        Path name = from.relativize(each);
        if (Files.isDirectory(each)) {
          Path _ = Files.createDirectory(to.resolve(name), OWNER_ONLY);
        } else if (!name.startsWith("pg_wal") && !OF_ONE_SERVER.contains(name.toString())) {
          copy(each, to.resolve(name));
        }
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try {
      Path _ = Files.copy(from, to);
    } catch (NoSuchFileException gone) {
      Files.deleteIfExists(to);
    }
  }

  /** Makes a standby the one that takes writes. */
  public void promote() throws SQLException {
    execute("select pg_promote()");
  }

  /** Its processes stand still, as if the machine did, until {@link #thaw}. */
  public void freeze() throws IOException {
    signal("STOP");
  }

  public void thaw() throws IOException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException {
    ProcessHandle postmaster = postmaster();
    kill(signal, postmaster);
    for (ProcessHandle each : postmaster.descendants().toList()) {
      kill(signal, each);
    }
  }

  private ProcessHandle postmaster() throws IOException {
    String first = Files.readAllLines(folder.resolve("data/postmaster.pid")).getFirst();
    return ProcessHandle.of(Long.parseLong(first)).orElseThrow();
  }

  private static void kill(String signal, ProcessHandle process) throws IOException {
    try {
      int _ = new ProcessBuilder("kill", "-" + signal, "" + process.pid()).start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Where it listens, on loopback. */
  public int port() {
    return port;
  }

  /** A new database, empty, of a new user. */
  public PostgresSettings database() throws SQLException {
    String name = "test" + NAMES.incrementAndGet();
    execute("create role " + name + " login password '" + name + "'");
    execute("create database " + name + " owner " + name);
    return new PostgresSettings(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + name,
        name,
        Optional.of(() -> SecretBytes.copyOf(name.getBytes(StandardCharsets.UTF_8))));
  }

  /** Executes this as the superuser, outside of all databases of tests. */
  public void execute(String sql) throws SQLException {
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }

  /** The superuser's connection to the database of these settings. */
  public Connection connect(PostgresSettings database) throws SQLException {
    return connect(database.user());
  }

  private Connection connect(String database) throws SQLException {
    EmbeddedPostgres server = running;
    if (server == null) {
      throw new IllegalStateException("stopped");
    }
    return server.getDatabase("postgres", database).getConnection();
  }

  /** Cuts off whoever is connected to this database. */
  public void cutOff(PostgresSettings database) throws SQLException {
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'"
            .formatted(database.user()));
  }

  @Override
  public void close() throws IOException {
    stop();
  }
}
