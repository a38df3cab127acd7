package io.signet.ca.revocation;

import io.signet.ca.ledger.LedgerException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The newest CRL of each CA, each read once. For one thread at a time. */
final class CrlShelf {

  private final CrlStore store;
  private Map<AuthorityId, Crl> crls = Map.of();

  CrlShelf(CrlStore store) {
    this.store = store;
  }

  /** As they are in the store now. */
  Map<AuthorityId, Crl> refreshed(Instant now) throws LedgerException {
    Map<AuthorityId, Crl> newest = new LinkedHashMap<>();
    for (Crl.Head head : store.heads(now)) {
      Crl known = crls.get(head.authority());
      Optional<Crl> crl =
          known != null && known.head().number() == head.number()
              ? Optional.of(known)
              : store.find(head.authority());
      crl.ifPresent(found -> newest.put(head.authority(), found));
    }
    crls = newest;
    return Map.copyOf(newest);
  }
}
