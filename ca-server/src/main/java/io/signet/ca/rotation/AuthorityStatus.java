package io.signet.ca.rotation;

import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Optional;

/**
 * One of our CAs, for people.
 *
 * @param compromised whether its key may be in wrong hands
 * @param certificate absent while it is being made
 */
public record AuthorityStatus(
    Generation generation, Role role, boolean compromised, Optional<X509Certificate> certificate) {

  /** What it does. */
  public enum Role {
    /** It signs. */
    ACTIVE,
    /** It is to sign soon. */
    NEXT,
    /** It has signed, and some may still show what it has signed. */
    PREVIOUS,
    /** Nobody needs it any more, and its key is still to be destroyed. */
    DOOMED,
    /** It is over: nobody is told to trust it. */
    RETIRED;

    /** As it is told. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
