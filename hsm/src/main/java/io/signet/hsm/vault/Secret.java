package io.signet.hsm.vault;

/** A token, JWT or secret id; it prints its size only (KC-8). */
final class Secret {

  private final String value;

  Secret(String value) {
    this.value = value;
  }

  /** For the request that needs it, and for nothing that is kept or printed. */
  String reveal() {
    return value;
  }

  /** The text without this secret, wherever a server may have put it. */
  String removedFrom(String text) {
    return value.isEmpty() ? text : text.replace(value, "***");
  }

  @Override
  public String toString() {
    return "Secret[" + value.length() + " characters]";
  }
}
