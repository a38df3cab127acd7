package io.signet.ca.ledger;

import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who holds certificates of ours: one of possibly many that share an identity. What it gets later
 * replaces what it had.
 *
 * @param identity in its certificates
 * @param instance tells it from others of that identity, such as the UID of a pod; empty for all of
 *     them together
 */
public record HolderKey(SpiffeId identity, String instance) {

  private static final char BETWEEN = '|'; // in no SPIFFE ID (SPIFFE-ID, section 2)
  private static final String SERIAL = "#";

  // RFC 9562, section 4, as every API server writes the UIDs that it gives.
  private static final Pattern POD_UID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  /**
   * Of one certificate alone, where nobody can tell who holds which: nothing that comes later is
   * known to replace it.
   */
  public static HolderKey single(SpiffeId identity, SerialNumber serial) {
    return new HolderKey(identity, SERIAL + serial);
  }

  /**
   * From its text.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static HolderKey parse(String text) {
    int end = text.indexOf(BETWEEN);
    if (end < 0) {
      throw new IllegalArgumentException(
          "holder \"%s\" (expected: an identity, %s and an instance)".formatted(text, BETWEEN));
    }
    return new HolderKey(SpiffeId.parse(text.substring(0, end)), text.substring(end + 1));
  }

  /**
   * The UID of the pod that it is. Empty for all else that tells one from others, such as the
   * serial number of a certificate, which has another form.
   */
  public Optional<String> pod() {
    return POD_UID.matcher(instance).matches() ? Optional.of(instance) : Optional.empty();
  }

  /** For people. */
  public String name() {
    return name(toString());
  }

  /** The name of the one with this text, which is not looked at more closely: there are many. */
  public static String name(String text) {
    return text.replace(BETWEEN, ' ').stripTrailing();
  }

  /** As it is kept. */
  @Override
  public String toString() {
    return identity.toString() + BETWEEN + instance;
  }
}
