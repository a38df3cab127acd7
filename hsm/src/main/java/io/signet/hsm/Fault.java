package io.signet.hsm;

/** What a custodian's failure means for the caller (KC-5). None is ever the client's fault. */
public enum Fault {
  /** Try again later. */
  BUSY,
  /** The connection to the key is gone; the custodian recovers by itself. */
  LOST,
  /** PIN, token, passphrase or policy: stop, and do not try again until a person acts (P11-8). */
  DENIED,
  /** The request is wrong and stays so. */
  REJECTED,
  /** Only a restart of the process helps. */
  FATAL,
  /**
   * What is kept is not what it claims to be: a signature does not verify, key and certificate do
   * not belong together, a key cannot be told from another, or a key file is damaged. An alarm: a
   * person has to look before the key is used again (KC-1, KC-2).
   */
  BROKEN
}
