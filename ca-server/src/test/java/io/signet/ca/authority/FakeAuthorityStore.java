package io.signet.ca.authority;

import io.signet.ca.ledger.LedgerException;
import io.signet.hsm.KeyLabel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store in memory that fails when told to, as if the process had ended there. */
public final class FakeAuthorityStore implements AuthorityStore {

  private final List<KeyLabel> issuing = new ArrayList<>();
  private final SortedMap<Integer, CaRecord> cas = new TreeMap<>();
  private @Nullable LedgerException establishFailure;

  /** The next CA's chain is not remembered. */
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
  public Optional<CaRecord> ca(int generation) {
    return Optional.ofNullable(cas.get(generation));
  }

  @Override
  public void intend(int generation, KeyLabel label) {
    var _ = cas.putIfAbsent(generation, new CaRecord(label, Optional.empty()));
  }

  @Override
  public void establish(KeyLabel label, CaChain chain) throws LedgerException {
    @Nullable LedgerException failure = establishFailure;
    establishFailure = null;
    if (failure != null) {
      throw failure;
    }
    cas.replaceAll(
        (_, ca) -> ca.label().equals(label) ? new CaRecord(label, Optional.of(chain)) : ca);
  }
}
