package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A store in memory that fails when told to, as if the process had ended there. */
public final class FakeAuthorityStore implements AuthorityStore {

  private final List<KeyLabel> issuing = new ArrayList<>();
  private Optional<RootRecord> root = Optional.empty();
  private @Nullable LedgerException establishFailure;

  /** The next root's certificate is not remembered. */
  public void failNextEstablish(LedgerException failure) {
    establishFailure = failure;
  }

  @Override
  public List<KeyLabel> issuing() {
    return List.copyOf(issuing);
  }

  @Override
  public void intendIssuing(KeyLabel label) {
    issuing.add(label);
  }

  @Override
  public void forgetIssuing(KeyLabel label) {
    issuing.remove(label);
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
