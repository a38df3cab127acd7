package io.signet.ca.x509;

/** The key usages that our profiles know (RFC 5280, 4.2.1.3). */
public enum KeyUsage {
  DIGITAL_SIGNATURE(0),
  KEY_ENCIPHERMENT(2),
  KEY_CERT_SIGN(5),
  CRL_SIGN(6);

  private final int bit;

  KeyUsage(int bit) {
    this.bit = bit;
  }

  /** Its bit in the extension, which is also its place in {@code X509Certificate.getKeyUsage()}. */
  public int bit() {
    return bit;
  }
}
