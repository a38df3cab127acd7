package io.signet.ca.authorization;

import java.util.Optional;

/** What entitlements say to a wish. */
public sealed interface Decision {

  /** The rule that decided; empty: none is for the caller, so its own identity is all it has. */
  Optional<Rule> rule();

  /** Why, and by which rule: for our log. */
  String reason();

  record Granted(Grant grant) implements Decision {
    @Override
    public Optional<Rule> rule() {
      return grant.rule();
    }

    @Override
    public String reason() {
      return grant.reason();
    }
  }

  /** The caller may not hold that identity. */
  record Denied(Optional<Rule> rule, String reason) implements Decision {}

  /**
   * The caller may hold that identity, but not over a key of its kind. The reason is of its own
   * request and of what it may send instead, so it may be told.
   */
  record WrongKey(Optional<Rule> rule, String reason) implements Decision {}
}
