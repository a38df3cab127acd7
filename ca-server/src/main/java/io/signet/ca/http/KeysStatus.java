package io.signet.ca.http;

import io.signet.hsm.CustodianStatus;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.time.Instant;
import java.util.Optional;

/**
 * How the keys of the authority are kept, and whether they can be used; nothing secret.
 *
 * @param at when it was so
 * @param custodian the kind of what keeps the root's key, as in the configuration
 * @param where which token, engine or folder that is
 * @param issuing where the keys of issuing authorities live, as in the configuration
 * @param root absent before the first one is made
 * @param seen when the root's key was last looked for and found fit for use; absent at first
 * @param problem why the root's key cannot be used now
 * @param device how the custodian stands
 * @param losses how often the connection to it was lost
 * @param recoveries how often it was there again
 * @param lastError the last failure, though all may be well since
 */
public record KeysStatus(
    Instant at,
    String custodian,
    String where,
    String issuing,
    Optional<RootKey> root,
    Optional<Instant> seen,
    Optional<Trouble> problem,
    CustodianStatus device,
    long losses,
    long recoveries,
    Optional<Trouble> lastError) {

  /** The root's key. */
  public record RootKey(KeyLabel label, KeyAlgorithm algorithm) {
    @Override
    public String toString() {
      return label + " (" + algorithm + ")";
    }
  }

  /**
   * What went wrong.
   *
   * @param fault what it means, and what to check
   */
  public record Trouble(Instant at, Fault fault, String why) {

    /** The whole of it for a person, but for the time. */
    @Override
    public String toString() {
      return "%s: %s; check %s".formatted(fault, why, fault.toCheck());
    }
  }

  /** Whether the root's key can be used now, as far as is known. */
  public boolean usable() {
    return seen.isPresent() && problem.isEmpty();
  }
}
