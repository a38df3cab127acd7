package io.signet.sds;

import io.signet.sds.Secret.SessionTicketKeys;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.spiffe.SpiffeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one caller may have, at one moment. Immutable.
 *
 * @param svids its SVIDs, the first of them its default
 * @param awaited the identities it may hold whose SVID is still to be made (SDS-7)
 * @param trust whom it may trust
 * @param tickets its session ticket keys, which all who share its identity have too
 */
public record Snapshot(
    List<TlsCertificate> svids,
    Set<SpiffeId> awaited,
    Trust trust,
    Optional<SessionTicketKeys> tickets) {

  /** Nothing is known yet. */
  public static final Snapshot EMPTY =
      new Snapshot(List.of(), Set.of(), Trust.NONE, Optional.empty());

  public Snapshot {
    svids = List.copyOf(svids);
    awaited = Set.copyOf(awaited);
  }

  /** SVIDs and trust, and nothing more to come. */
  public Snapshot(List<TlsCertificate> svids, Trust trust) {
    this(svids, Set.of(), trust, Optional.empty());
  }

  /** The same without an SVID, and one to come. */
  public Snapshot awaiting(SpiffeId identity) {
    return new Snapshot(List.of(), Set.of(identity), trust, tickets);
  }

  /** The same with this SVID, and nothing more to come. */
  public Snapshot with(TlsCertificate svid) {
    return new Snapshot(List.of(svid), Set.of(), trust, tickets);
  }

  /** The same, trusting these. */
  public Snapshot with(Trust changed) {
    return new Snapshot(svids, awaited, changed, tickets);
  }

  /** The same with other ticket keys. */
  public Snapshot with(SessionTicketKeys changed) {
    return new Snapshot(svids, awaited, trust, Optional.of(changed));
  }

  /** The versions of everything in it: equal lists mean that nothing changed for the caller. */
  List<String> versions() {
    List<String> versions = new ArrayList<>();
    svids.forEach(svid -> versions.add(svid.version()));
    versions.add(trust.version());
    tickets.ifPresent(keys -> versions.add(keys.version()));
    return List.copyOf(versions);
  }
}
