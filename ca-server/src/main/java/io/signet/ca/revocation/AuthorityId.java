package io.signet.ca.revocation;

import io.signet.ca.x509.KeyIds;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Which CA: its key, as the ledger names it.
 *
 * @param hex the key identifier, 40 lower-case hexadecimal digits
 */
public record AuthorityId(String hex) {

  private static final Pattern HEX = Pattern.compile("[0-9a-f]{40}");

  /**
   * @throws IllegalArgumentException if it is not 40 such digits
   */
  public AuthorityId {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "authority (expected: its key identifier, 40 lower-case hexadecimal digits)");
    }
  }

  /** As the ledger has it. */
  public static AuthorityId of(byte[] keyId) {
    return new AuthorityId(HexFormat.of().formatHex(keyId));
  }

  /** Of the CA of this certificate. */
  public static AuthorityId of(X509Certificate ca) {
    return of(KeyIds.of(ca.getPublicKey()));
  }

  /** As the ledger has it. */
  public byte[] keyId() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return hex;
  }
}
