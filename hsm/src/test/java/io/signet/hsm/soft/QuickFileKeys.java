package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import java.nio.file.Path;

/** Keys in files as they always are, but for a passphrase that takes no time to try. */
public final class QuickFileKeys {

  private QuickFileKeys() {}

  public static FileKeyCustodian open(Path directory) throws CustodyException {
    return FileKeyCustodian.open(directory, FileSecret.passphrase("a passphrase".toCharArray(), 1));
  }
}
