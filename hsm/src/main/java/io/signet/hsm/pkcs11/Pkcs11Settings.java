package io.signet.hsm.pkcs11;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which token holds the keys, and how hard it may be worked.
 *
 * @param library the vendor's PKCS#11 library, absolute
 * @param tokenLabel the token by its label: slot numbers change (P11-13)
 * @param serial tells tokens of one label apart
 * @param permits how many calls are on the token at once (KC-4), from 1
 * @param patience how long a call waits for its turn before it is {@link io.signet.hsm.Fault#BUSY}
 * @param deadline how long a call may take then, with a recovery in it (KC-3)
 */
public record Pkcs11Settings(
    Path library,
    String tokenLabel,
    Optional<String> serial,
    int permits,
    Duration patience,
    Duration deadline) {

  /**
   * SunPKCS11 keeps five idle sessions (P11-15): with four signers and one call of our own no
   * session is opened for a signature. A small HSM has about as many cores.
   */
  public static final int DEFAULT_PERMITS = 4;

  public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(2);

  /** With the wait for the turn, less than a caller of ours waits. */
  public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);

  // A small HSM takes its time for a large RSA key.
  private static final int CREATION_TAKES = 12;

  public Pkcs11Settings {
    if (!library.isAbsolute()) {
      throw new IllegalArgumentException("library: " + library + " (expected: an absolute path)");
    }
    if (tokenLabel.isBlank()) {
      throw new IllegalArgumentException("token: \"\" (expected: the label of a token)");
    }
    if (permits < 1) {
      throw new IllegalArgumentException("permits: " + permits + " (expected: >= 1)");
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience: " + patience + " (expected: >= 0)");
    }
    if (!deadline.isPositive()) {
      throw new IllegalArgumentException("deadline: " + deadline + " (expected: > 0)");
    }
  }

  /** The token of this label, with the default limits. */
  public static Pkcs11Settings of(Path library, String tokenLabel) {
    return new Pkcs11Settings(
        library, tokenLabel, Optional.empty(), DEFAULT_PERMITS, DEFAULT_PATIENCE, DEFAULT_DEADLINE);
  }

  Duration creationDeadline() {
    return deadline.multipliedBy(CREATION_TAKES);
  }

  /** Where, in every message: {@code token "signet" of /usr/lib/softhsm/libsofthsm2.so}. */
  public String where() {
    return "token \"" + tokenLabel + "\" of " + library;
  }
}
