package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A store in memory that fails when told to, as if the process had ended there. */
public final class FakeAuthorityStore implements AuthorityStore {

  private Optional<RootRecord> root = Optional.empty();
  private @Nullable LedgerException establishFailure;

  /** The next root's certificate is not remembered. */
  public void failNextEstablish(LedgerException failure) {
    establishFailure = failure;
  }

  @Override
  public Optional<RootRecord> root() {
    return root;
  }

  @Override
  public void intend(KeyLabel label) {
    root = Optional.of(new RootRecord(label, Optional.empty()));
  }

  @Override
  public void establish(KeyLabel label, X509Certificate certificate) throws LedgerException {
    @Nullable LedgerException failure = establishFailure;
    establishFailure = null;
    if (failure != null) {
      throw failure;
    }
    root = Optional.of(new RootRecord(label, Optional.of(certificate)));
  }
}
