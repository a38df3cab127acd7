package io.signet.ca.rotation;

/** Which one of the replicas acts for all. Safe for use by many threads. */
public interface Leadership {

  /**
   * Whether it is this one, now; takes the place if nobody has it. It may be lost at any moment:
   * what is done must be harmless when somebody else does it too. Never fails: who cannot reach the
   * store does not lead.
   */
  boolean leads();
}
