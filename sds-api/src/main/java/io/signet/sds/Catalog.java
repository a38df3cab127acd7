package io.signet.sds;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Wants.Wanted;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * A snapshot by the names of one listener: which secret a name stands for. A name that the caller
 * may not have looks like one that does not exist (SDS-6). Immutable.
 */
public record Catalog(Snapshot snapshot, Naming naming) {

  /** The name of the keys for TLS session tickets (FLD-7). */
  public static final String SESSION_TICKETS = "session-tickets";

  /** What a host name follows in the name of a secret for secure naming. */
  public static final String SERVER = "naming://";

  private static final String CANONICAL = "spiffe://";

  /** The secret of this name (NAME-1 to NAME-4). */
  public Optional<Secret> secret(String name) {
    return find(name).map(found -> found);
  }

  private Optional<? extends Secret> find(String name) {
    BundleForm form = naming.form();
    if (name.equals(naming.defaultSvid())) {
      return snapshot.svids().stream().findFirst();
    }
    if (name.equals(naming.allBundles())) {
      return snapshot.trust().all(form);
    }
    if (name.equals(naming.ownBundle())) {
      return snapshot.trust().own(form);
    }
    if (name.equals(SESSION_TICKETS)) {
      return snapshot.tickets();
    }
    if (name.startsWith(SERVER)) {
      return snapshot.trust().server(name.substring(SERVER.length()), form);
    }
    Optional<TlsCertificate> svid = svid(name);
    return svid.isPresent() ? svid : snapshot.trust().domain(name, form);
  }

  private Optional<TlsCertificate> svid(String id) {
    return snapshot.svids().stream().filter(svid -> canonicalName(svid).equals(id)).findFirst();
  }

  private static String canonicalName(TlsCertificate svid) {
    return svid.svid().id().toString();
  }

  /** Whether there may soon be a secret of this name where there is none yet (SDS-7). */
  public boolean isAwaited(String name) {
    if (snapshot.equals(Snapshot.EMPTY)) {
      return true;
    }
    return name.equals(naming.defaultSvid())
        ? !snapshot.awaited().isEmpty()
        : snapshot.awaited().stream().anyMatch(id -> id.toString().equals(name));
  }

  /** The canonical names, as a wildcard subscription gets them (SDS-15). */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    snapshot.svids().forEach(svid -> names.add(canonicalName(svid)));
    names.addAll(snapshot.trust().names());
    return names;
  }

  /** Whether a wildcard could ever stand for this name. */
  static boolean isCanonical(String name) {
    return name.startsWith(CANONICAL);
  }

  /**
   * What a request without a stream gets (SDS-22): the secrets of these names, or everything if
   * there is no name; those without a secret are left out.
   */
  public SequencedMap<String, Secret> select(List<String> names) {
    SequencedMap<String, Secret> found = new LinkedHashMap<>();
    Interest.UNSTATED
        .replacedBy(names)
        .in(this)
        .forEach(name -> secret(name).ifPresent(secret -> found.put(name, secret)));
    return found;
  }

  /** Whether some of these names may soon have a secret that they do not have yet. */
  public boolean awaitsAny(List<String> names) {
    return names.isEmpty()
        ? !snapshot.awaited().isEmpty() || snapshot.equals(Snapshot.EMPTY)
        : names.stream().anyMatch(name -> secret(name).isEmpty() && isAwaited(name));
  }

  /** The newest secret of each of these names. */
  public Wants wants(Set<String> names) {
    Map<String, Optional<Wanted>> newest = new LinkedHashMap<>();
    names.forEach(name -> newest.put(name, secret(name).map(this::wanted)));
    return new Wants(snapshot.trust().sequence(), newest);
  }

  private Wanted wanted(Secret secret) {
    return new Wanted(secret.version(), secret.mark(snapshot.trust()));
  }
}
