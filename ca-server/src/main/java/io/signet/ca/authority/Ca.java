package io.signet.ca.authority;

import io.signet.ca.signing.Authority;
import io.signet.hsm.KeyLabel;
import java.time.Clock;
import java.time.Instant;

/**
 * The CA whose key is in our custodian: a root of our own, or one below a root elsewhere.
 *
 * @param generation 1 for the first of the trust domain, and one more for each that has followed
 * @param authority until the first certificate of its chain ends
 */
record Ca(int generation, Authority authority, CaChain chain) {

  /** Of the first CA, and of all that is above us elsewhere. */
  static final int FIRST = 1;

  /** Of its key. */
  KeyLabel label() {
    return authority.label();
  }

  /**
   * Fails when nobody would believe what it signs now, or it cannot sign.
   *
   * @param what it is called in the message
   */
  static void requireUsable(String what, Authority authority, Clock clock)
      throws AuthorityException {
    Instant now = clock.instant();
    if (now.isBefore(authority.notBefore())) {
      // The clock was set back: some of what it signs would end before it begins.
      throw new AuthorityException(
          "the %s begins at %s; it is now %s (is the clock of this machine right?)"
              .formatted(what, authority.notBefore(), now));
    }
    if (!now.isBefore(authority.notAfter())) {
      throw new AuthorityException("the %s expired at %s".formatted(what, authority.notAfter()));
    }
    if (!authority.inUse()) {
      // Each try would leave an intent behind that nothing ever finishes.
      throw new AuthorityException(
          "the key of %s \"%s\" is out of use: a signature of it did not verify"
              .formatted(what, authority.certificate().getSubjectX500Principal()));
    }
  }
}
