package io.signet.hsm;

/**
 * The name of a key in its custodian: 1 to 64 of {@code a-z 0-9 - .}, so that it is also a safe
 * file name, a PKCS#11 label and a path element of Vault.
 */
public record KeyLabel(String value) {

  private static final int LONGEST = 64;

  public KeyLabel {
    if (value.length() > LONGEST || !value.matches("[a-z0-9][a-z0-9.-]*")) {
      throw new IllegalArgumentException(
          "key label \"%s\" (expected: 1 to %d of a-z 0-9 - . and a letter or digit first)"
              .formatted(value, LONGEST));
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
