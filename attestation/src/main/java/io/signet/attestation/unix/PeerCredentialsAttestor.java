package io.signet.attestation.unix;

import static java.util.stream.Collectors.joining;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.attestation.Proof.LocalUser;
import io.signet.spiffe.SpiffeId;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Proves a process of this machine by its user id, from a configured list. Safe for use by many
 * threads.
 */
public final class PeerCredentialsAttestor implements Attestor {

  private final SortedMap<Integer, SpiffeId> identities = new TreeMap<>(Integer::compareUnsigned);

  /**
   * Which identity the processes of a user have.
   *
   * @param uid as the kernel gives it, 32 bits unsigned. Users whom it cannot map into our user
   *     namespace all appear as 65534, so a rule for that number is a rule for any of them
   */
  public record Rule(int uid, SpiffeId id) {}

  /**
   * @throws IllegalArgumentException if two rules name the same uid
   */
  public PeerCredentialsAttestor(List<Rule> rules) {
    rules.forEach(this::add);
  }

  private void add(Rule rule) {
    SpiffeId other = identities.putIfAbsent(rule.uid(), rule.id());
    if (other != null) {
      throw new IllegalArgumentException(
          "uid %s: both %s and %s (expected: one identity for each uid)"
              .formatted(Integer.toUnsignedString(rule.uid()), other, rule.id()));
    }
  }

  @Override
  public String name() {
    return "unix";
  }

  @Override
  public Attestation attest(Evidence evidence) {
    if (!(evidence instanceof PeerCredentials peer)) {
      return Attestation.missing("not the credentials of a local process");
    }
    SpiffeId id = identities.get(peer.uid());
    if (id == null) {
      return Attestation.noIdentity(
          "uid %s has no identity (known: %s)"
              .formatted(Integer.toUnsignedString(peer.uid()), known()));
    }
    return new Attestation.Proven(new LocalUser(id, peer.uid(), peer.pid()));
  }

  private String known() {
    return identities.keySet().stream()
        .map(Integer::toUnsignedString)
        .collect(joining(", ", "[", "]"));
  }
}
