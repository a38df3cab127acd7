package io.signet.ca.revocation;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A store of CRLs in memory that keeps the contract, and counts what is read of it. */
public final class FakeCrlStore implements CrlStore {

  private final Map<AuthorityId, Crl> crls = new LinkedHashMap<>();
  private int found;

  @Override
  public synchronized List<Crl.Head> heads(Instant now) {
    return crls.values().stream().map(Crl::head).filter(head -> head.end().isAfter(now)).toList();
  }

  @Override
  public synchronized Optional<Crl> find(AuthorityId authority) {
    found++;
    return Optional.ofNullable(crls.get(authority));
  }

  /** How many CRLs were read as a whole. */
  synchronized int found() {
    return found;
  }

  @Override
  public synchronized boolean keep(Crl crl) {
    Crl known = crls.get(crl.authority());
    if (known != null && known.head().number() >= crl.head().number()) {
      return false;
    }
    crls.put(crl.authority(), crl);
    return true;
  }

  @Override
  public synchronized int prune(Instant endedBefore) {
    int before = crls.size();
    crls.values().removeIf(crl -> crl.end().isBefore(endedBefore));
    return before - crls.size();
  }
}
