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
  /** A signature does not verify, or key and certificate do not belong together. */
  BROKEN
}
