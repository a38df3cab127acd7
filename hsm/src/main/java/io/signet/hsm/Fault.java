package io.signet.hsm;

/** What a custodian's failure means for the caller (KC-5). None is ever the client's fault. */
public enum Fault {
  /** Try again later. */
  BUSY(
      "whether it is sealed, in maintenance or asked for more than it can do;"
          + " it is tried again by itself"),
  /** The connection to the key is gone; the custodian recovers by itself. */
  LOST("that it is switched on and reachable from here; it is connected anew by itself"),
  /** PIN, token, passphrase or policy: stop, and do not try again until a person acts (P11-8). */
  DENIED(
      "PIN, passphrase or login, that none is locked, and what they may do; it stays so until a"
          + " person acts, and a PIN that was refused is not tried again before a restart"),
  /** The request is wrong and stays so. */
  REJECTED("that the key is there, under its label, and of a kind that can be used"),
  /** Only a restart of the process helps. */
  FATAL("library, disk and log, then restart"),
  /**
   * What is kept is not what it claims to be: a signature does not verify, key and certificate do
   * not belong together, a key cannot be told from another, or a key file is damaged. An alarm: a
   * person has to look before the key is used again (KC-1, KC-2).
   */
  BROKEN("that this is what made the key, and which key is the right one, before it signs again");

  private final String toCheck;

  Fault(String toCheck) {
    this.toCheck = toCheck;
  }

  /** What an operator should check; goes on after that word. */
  public String toCheck() {
    return toCheck;
  }
}
