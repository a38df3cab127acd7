package io.signet.spiffe;

/**
 * The argument that opens a {@link SecretBytes}. It protects nothing by itself: it makes every
 * place that reveals a secret show up in a search for {@code SecretAccess.grant}.
 */
public final class SecretAccess {
  private static final SecretAccess GRANTED = new SecretAccess();

  private SecretAccess() {}

  /** Call it where the secret is revealed, and nowhere else. */
  public static SecretAccess grant() {
    return GRANTED;
  }
}
