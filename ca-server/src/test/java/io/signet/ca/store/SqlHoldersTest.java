package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.HoldersContract;
import io.signet.ca.rotation.Laggard;
import io.signet.ca.rotation.PodHolders;
import io.signet.ca.rotation.Progress;
import io.signet.ca.testing.Fixtures;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holders in SQL keep the contract, on H2. */
final class SqlHoldersTest extends HoldersContract {

  private static final HolderKey POD = new HolderKey(Fixtures.CART, "uid-7");

  @TempDir private Path directory;
  private Database database;
  private SqlIssuanceLedger ledger;
  private SqlHolders one;
  private SqlHolders two;

  @BeforeEach
  void open() throws LedgerException {
    database = EmbeddedDatabase.open(directory);
    ledger = new SqlIssuanceLedger(database);
    one = SqlHolders.open(database, "one");
    two = SqlHolders.open(database, "two");
  }

  @AfterEach
  void close() {
    ledger.close();
    database.close();
  }

  @Override
  protected IssuanceLedger ledger() {
    return ledger;
  }

  @Override
  protected Holders holders() {
    return one;
  }

  @Override
  protected PodHolders pods() {
    return new SqlPodHolders(database);
  }

  @Override
  protected Holders another() {
    return two;
  }

  // Forward only: nobody knows who had it, or with which bundle.
  @Test
  void lacking_leafOfAnEarlierVersion_countsByItselfUntilItExpires() throws Exception {
    answered(POD, 3, 1);
    execute("update ledger set holder = null, bundle = 0, generation = 1");

    assertThat(lacking(1).laggards())
        .extracting(Laggard::name, Laggard::has)
        .containsExactly(tuple(Fixtures.CART + " #01", "no bundle"));
    assertThat(under(1).lagging()).isOne();
    assertThat(under(2).lagging()).isZero();
  }

  @Test // its streams have ended with the process
  void open_afterACrash_nobodyIsOnAStream() throws Exception {
    report(seen(POD, 1, 2L, null));
    assertThat(lacking(3).lagging()).isOne();

    one = SqlHolders.open(database, "one");

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
  }

  @Test
  void forget_leftAndWithoutACertificate_gone() throws Exception {
    report(seen(POD, 0, 2L, 1));
    report(seen(new HolderKey(Fixtures.CART, "here"), 1, 2L, 1));
    HolderKey certified = new HolderKey(Fixtures.CART, "certified");
    fed(certified, 1);
    report(seen(certified, 0, 2L, 1));

    assertThat(one.forget(List.of(), NOW.plus(Duration.ofMinutes(4)))).isZero();
    assertThat(two.forget(List.of(), NOW.plus(Duration.ofMinutes(6)))).isOne();
    assertThat(two.forget(List.of(), NOW.plus(Duration.ofMinutes(65)))).isZero(); // and no look
    assertThat(two.forget(List.of(), NOW.plus(Duration.ofMinutes(66)))).isOne();
    assertThat(lacking(3).laggards()).extracting(Laggard::name).contains(Fixtures.CART + " here");
  }

  @Test // with the last certificate that it was about
  void forget_podIsGoneAndItsCertificateHasEnded_notKnownAnyMore() throws Exception {
    HolderKey pod = new HolderKey(Fixtures.CART, "0f1e2d3c-4b5a-4697-8877-665544332211");
    fed(pod, 1);
    pods().gone(pods().present(NOW));

    int _ = one.forget(List.of(), NOW.plus(Duration.ofMinutes(59)));
    assertThat(count("gone_holder")).isOne();
    int _ = one.forget(List.of(), NOW.plus(Duration.ofHours(2)));
    assertThat(count("gone_holder")).isZero();
  }

  private long count(String table) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("select count(*) from " + table)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  @Test // a replica that never comes back has no streams
  void forget_replicaIsGone_itsStreamsDoNotCount() throws Exception {
    another().report(List.of(seen(POD, 1, 2L, null)));
    assertThat(lacking(3).lagging()).isOne();
    assertThat(one.replicas()).containsExactly("two");

    int _ = one.forget(List.of("two"), NOW);

    assertThat(lacking(3)).isEqualTo(Progress.NONE);
    assertThat(one.replicas()).isEmpty();
  }

  @Test
  void report_storeClosed_refused() {
    database.close();

    assertThatThrownBy(() -> one.report(List.of(seen(POD, 1, 2L, 1))))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("holders cannot be written");
    assertThatThrownBy(() -> one.lacking(1, NOW, 9))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("holders cannot be read");
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
