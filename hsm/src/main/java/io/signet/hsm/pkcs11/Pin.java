package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The user PIN, kept to log in again after a loss. Each use has a copy of its own: one that hangs
 * must not show a wiped PIN to the token later (P11-8). Safe for use by many threads.
 */
final class Pin {

  /** What needs it. */
  interface Use<T> {
    T of(char[] pin) throws CustodyException;
  }

  private final String where;
  private char @Nullable [] text;

  Pin(String where, char[] text) {
    this.where = where;
    this.text = text.clone();
  }

  <T> T with(Use<T> use) throws CustodyException {
    char[] copy = copy();
    try {
      return use.of(copy);
    } finally {
      Arrays.fill(copy, '\0');
    }
  }

  private synchronized char[] copy() throws CustodyException {
    if (text == null) {
      throw new CustodyException(Fault.LOST, where + ": the custodian is closed");
    }
    return text.clone();
  }

  synchronized void wipe() {
    if (text != null) {
      Arrays.fill(text, '\0');
      text = null;
    }
  }
}
