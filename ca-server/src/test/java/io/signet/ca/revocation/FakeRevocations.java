package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Revocations in memory that keep the contract, and fail while told to. */
public final class FakeRevocations implements Revocations {

  private final Map<SerialNumber, Revocation> revoked = new LinkedHashMap<>();
  private final Map<SpiffeId, Denial> denied = new LinkedHashMap<>();
  private long version;
  private Optional<LedgerException> failure = Optional.empty();

  /** All calls fail from now on, or none does. */
  public synchronized void fails(Optional<LedgerException> with) {
    failure = with;
  }

  private void failIfTold() throws LedgerException {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  @Override
  public synchronized long version() throws LedgerException {
    failIfTold();
    return version;
  }

  @Override
  public synchronized List<Revocation> endingFrom(Instant time) throws LedgerException {
    failIfTold();
    return revoked.values().stream().filter(each -> !each.notAfter().isBefore(time)).toList();
  }

  @Override
  public synchronized List<Revocation> add(List<Revocation> more) throws LedgerException {
    failIfTold();
    version++;
    List<Revocation> added = new ArrayList<>();
    for (Revocation each : more) {
      if (revoked.putIfAbsent(each.serial(), each) == null) {
        added.add(each);
      }
    }
    return added;
  }

  @Override
  public synchronized List<Denial> denied() throws LedgerException {
    failIfTold();
    return List.copyOf(denied.values());
  }

  @Override
  public synchronized boolean deny(Denial denial) throws LedgerException {
    failIfTold();
    version++;
    return denied.putIfAbsent(denial.id(), denial) == null;
  }

  @Override
  public synchronized boolean lift(SpiffeId id) throws LedgerException {
    failIfTold();
    version++;
    return denied.remove(id) != null;
  }

  @Override
  public synchronized int prune(Instant endedBefore) throws LedgerException {
    failIfTold();
    int before = revoked.size();
    revoked.values().removeIf(each -> each.notAfter().isBefore(endedBefore));
    return before - revoked.size();
  }
}
