package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;

/**
 * Records every signature: an intent before the key is used, a result after it (ISS-2, 8). These
 * are the audit entries without which nothing is issued (ISS-4): what takes no entry is an audit
 * that refuses.
 */
public interface IssuanceRecorder {

  /**
   * Records what is about to be signed. When this returns, the intent survives a crash of the
   * process and of the machine.
   *
   * @throws SerialTakenException when the serial number was used before (SER-2)
   * @throws LedgerException when it could not be recorded: nothing may be signed
   */
  void intend(Intent intent) throws LedgerException;

  /**
   * Records the signature over an intent, once. When this returns, it too survives a crash of the
   * process and of the machine.
   *
   * @throws LedgerException when it could not be recorded, or there is no open intent under this
   *     serial number: nothing may be released
   */
  void issued(SerialNumber serial, byte[] signature) throws LedgerException;

  /**
   * Records that an intent is given up: nothing was signed over it, and nothing ever is. From then
   * on nobody is waited for because of it.
   *
   * @throws LedgerException when it could not be recorded, or there is no open intent under this
   *     serial number
   */
  void withdraw(SerialNumber serial) throws LedgerException;

  /**
   * Records that what was issued reached nobody and never will: the call that asked for it was
   * over. It stays issued, but from then on nobody is waited for because of it, or taken for one
   * that has it.
   *
   * @throws LedgerException when it could not be recorded, or nothing was issued under this serial
   *     number, or that was said before
   */
  void unreceived(SerialNumber serial) throws LedgerException;
}
