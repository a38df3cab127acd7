package io.signet.ca.cli;

import io.signet.ca.config.KeysConfig.Custodian;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import java.io.IOException;

/** The power to open what keeps the root's key; the wiring has it. */
public interface Custody {

  /**
   * Opens it for one command.
   *
   * @throws CustodyException when it is not there, in use, or refuses the secret
   * @throws IOException when the secret cannot be read
   */
  KeyCustodian open(Custodian custodian) throws CustodyException, IOException;

  /**
   * Puts all keys of these files under another secret, or none.
   *
   * @throws CustodyException when they are in use, or one of the secrets is refused
   * @throws IOException when a secret cannot be read
   */
  void changeEncryption(FileCustodian files, FileEncryption next)
      throws CustodyException, IOException;
}
