package io.signet.ca.signing;

import java.util.List;

/** Our own check refused what we were about to sign, or what was signed: a bug, or worse. */
public final class SelfCheckException extends Exception {

  private static final long serialVersionUID = 1L;

  SelfCheckException(String what, List<String> findings) {
    super(what + ": " + String.join("; ", findings));
  }
}
