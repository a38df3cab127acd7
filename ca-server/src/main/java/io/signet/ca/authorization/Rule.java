package io.signet.ca.authorization;

/**
 * What some callers may hold, in the place of the default.
 *
 * @param position in the list of rules, from 0
 * @param caller whom it is for
 */
public record Rule(int position, CallerPattern caller, Entitlement entitlement) {

  /** Where it stands, as the messages about a configuration say it. */
  public String name() {
    return "entitlements[" + position + "]";
  }

  /** Where it stands and whom it is for. */
  @Override
  public String toString() {
    return name() + " (caller " + caller + ")";
  }
}
