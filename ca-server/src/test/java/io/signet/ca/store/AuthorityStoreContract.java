package io.signet.ca.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.authority.AuthorityStore.CaRecord;
import io.signet.ca.authority.CaChain;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is remembered of the root outlives the process (KC-7), on every database. */
abstract class AuthorityStoreContract {

  private static final KeyLabel LABEL = new KeyLabel("root-1");

  private Database database;
  private SqlAuthorityStore store;

  /** The database of this test: the same at each call, and what was left in it. */
  abstract Database database() throws Exception;

  @BeforeEach
  void open() throws Exception {
    database = database();
    store = new SqlAuthorityStore(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void reopen() throws Exception {
    close();
    open();
  }

  @Test
  void ca_newStore_empty() throws Exception {
    assertThat(store.ca()).isEmpty();
  }

  @Test
  void ca_intended_labelWithoutCertificate() throws Exception {
    store.intend(1, LABEL);
    reopen();

    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.empty()));
  }

  @Test
  void ca_established_certificate() throws Exception {
    CaChain root = root();
    store.intend(1, LABEL);
    store.establish(LABEL, root);
    reopen();

    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.of(root)));
  }

  // ISTIO-95: an invalid certificate.
  @Test
  void ca_certificateDamaged_refused() throws Exception {
    store.intend(1, LABEL);
    store.establish(LABEL, root());
    try (Connection connection = database.connect();
        PreparedStatement damage = connection.prepareStatement("update root set certificate = ?")) {
      damage.setBytes(1, new byte[] {0x30, 3, 2, 1, 1});
      assertThat(damage.executeUpdate()).isOne();
    }

    assertThatThrownBy(() -> store.ca())
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("the authorities cannot be read: ");
  }

  @Test
  void establish_notIntended_refused() throws Exception {
    CaChain root = root();

    assertThatThrownBy(() -> store.establish(LABEL, root)).isInstanceOf(LedgerException.class);
  }

  // Nothing replaces a root behind the back of those who trust it.
  @Test
  void establish_twice_refusedAndFirstStays() throws Exception {
    CaChain root = root();
    CaChain other = root();
    store.intend(1, LABEL);
    store.establish(LABEL, root);

    assertThatThrownBy(() -> store.establish(LABEL, other)).isInstanceOf(LedgerException.class);

    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.of(root)));
  }

  // A CA below a root elsewhere is certified anew from time to time.
  @Test
  void establish_caBelowARootElsewhere_allOfItAndItMayBeReplaced() throws Exception {
    CaChain first =
        new CaChain(
            certificate(),
            List.of(certificate(), certificate()),
            List.of(certificate(), certificate()));
    CaChain second = new CaChain(certificate(), List.of(), List.of(certificate()));
    store.intend(1, LABEL);
    store.establish(LABEL, first);
    reopen();
    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.of(first)));

    store.establish(LABEL, second);

    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.of(second)));
  }

  // What an earlier version has remembered: a root, and nothing of chains.
  @Test
  void ca_establishedByAnEarlierVersion_aRootOfItsOwn() throws Exception {
    CaChain root = root();
    store.intend(1, LABEL);
    store.establish(LABEL, root);
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate("update root set above = null, roots = null")).isOne();
    }

    assertThat(store.ca()).contains(new CaRecord(LABEL, Optional.of(root)));
    assertThatThrownBy(() -> store.establish(LABEL, root())).isInstanceOf(LedgerException.class);
  }

  // KC-7
  @Test
  void issuing_intendedAndForgotten_thoseThatMayExist() throws Exception {
    KeyLabel other = new KeyLabel("issuing-2");
    store.intendIssuing(LABEL);
    store.intendIssuing(other);
    store.forgetIssuing(LABEL);
    reopen();

    assertThat(store.issuing()).containsExactly(other);
    assertThatThrownBy(() -> store.forgetIssuing(LABEL)).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> store.intendIssuing(other)).isInstanceOf(LedgerException.class);
  }

  private static CaChain root() throws Exception {
    X509Certificate root = certificate();
    return new CaChain(root, List.of(), List.of(root));
  }

  private static X509Certificate certificate() throws Exception {
    CertificateSigner signer =
        new CertificateSigner(new FakeLedger(), Fixtures.serials(), new TestClock());
    return Fixtures.root(signer, new FakeKeyCustodian(), KeyAlgorithm.EC_P256).certificate();
  }
}
