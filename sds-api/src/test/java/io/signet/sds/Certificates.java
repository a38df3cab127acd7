package io.signet.sds;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/**
 * Certificates by the dozen: they parse and carry what they should, but nobody signed them. Two of
 * the same name differ by their number.
 */
final class Certificates {
  private static final byte[] VERSION_3 = hex("a003020102");
  private static final byte[] ECDSA_WITH_SHA256 = hex("300a06082a8648ce3d040302");
  private static final byte[] ISSUER = hex("30143112301006035504030c09417574686f72697479");
  private static final byte[] NO_SIGNATURE = hex("03020000");
  private static final byte[] LEAF =
      cat(critical("551d13", hex("3000")), critical("551d0f", hex("03020780")));
  private static final byte[] AUTHORITY =
      cat(critical("551d13", hex("30030101ff")), critical("551d0f", hex("03020204")));
  private static final byte[] VALIDITY = der(0x30, time("260101000000Z"), time("460101000000Z"));
  private static final byte[] PUBLIC_KEY = publicKey();

  private Certificates() {}

  static X509Certificate leaf(SpiffeId id, int number) {
    return certificate(id, number, LEAF);
  }

  static X509Certificate authority(TrustDomain domain, int number) {
    return certificate(domain.id(), number, AUTHORITY);
  }

  private static X509Certificate certificate(SpiffeId id, int number, byte[] extensions) {
    byte[] uri = der(0x30, der(0x86, id.toString().getBytes(US_ASCII)));
    byte[] all = der(0xa3, der(0x30, extensions, critical("551d11", uri)));
    byte[] serial = der(0x02, BigInteger.valueOf(number).toByteArray());
    byte[] tbs =
        der(0x30, VERSION_3, serial, ECDSA_WITH_SHA256, ISSUER, VALIDITY, ISSUER, PUBLIC_KEY, all);
    return parse(der(0x30, tbs, ECDSA_WITH_SHA256, NO_SIGNATURE));
  }

  private static X509Certificate parse(byte[] der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] publicKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair().getPublic().getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] critical(String oid, byte[] value) {
    return der(0x30, der(0x06, hex(oid)), hex("0101ff"), der(0x04, value));
  }

  private static byte[] time(String utc) {
    return der(0x17, utc.getBytes(US_ASCII));
  }

  private static byte[] der(int tag, byte[]... parts) {
    byte[] content = cat(parts);
    return cat(new byte[] {(byte) tag}, length(content.length), content);
  }

  private static byte[] length(int length) {
    if (length < 0x80) {
      return new byte[] {(byte) length};
    }
    return length < 0x100
        ? new byte[] {(byte) 0x81, (byte) length}
        : new byte[] {(byte) 0x82, (byte) (length >> 8), (byte) length};
  }

  private static byte[] cat(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }
}
