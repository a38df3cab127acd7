package io.signet.hsm.pkcs11;

import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyLabel;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.LocalDateTime;

/**
 * The certificate that is stored beside a new key: SunPKCS11 sees no private key without one
 * (P11-10). It carries the key's label and public half and is nobody's anchor: never valid, no CA.
 */
final class Placeholder {

  private static final String COMMON_NAME = "550403";
  private static final int SERIAL_BYTES = 16;

  // RFC 5280, 4.1.2.5: the last moment that can be written. Valid from then on means never.
  private static final LocalDateTime NEVER = LocalDateTime.of(9999, 12, 31, 23, 59, 59);

  private Placeholder() {}

  /** Signed by the token, and not verified yet. */
  static X509Certificate of(
      KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey, PrivateKey key, Provider token)
      throws GeneralSecurityException {
    byte[] tbs = toBeSigned(label, algorithm, publicKey);
    byte[] signature = sign(tbs, algorithm, key, token);
    byte[] der = Der.sequence(tbs, signatureAlgorithm(algorithm), Der.bits(signature));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  // Version 1 is the default and is not written.
  private static byte[] toBeSigned(KeyLabel label, KeyAlgorithm algorithm, PublicKey publicKey)
      throws GeneralSecurityException {
    byte[] spki = publicKey.getEncoded();
    byte[] name =
        Der.sequence(Der.set(Der.sequence(Der.oid(COMMON_NAME), Der.utf8(label.value()))));
    return Der.sequence(
        Der.integer(serial(spki)),
        signatureAlgorithm(algorithm),
        name,
        Der.sequence(Der.time(NEVER), Der.time(NEVER)),
        name,
        spki);
  }

  // From the key, so that two keys of one label are told apart by issuer and serial (P11-11).
  private static BigInteger serial(byte[] spki) throws GeneralSecurityException {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(spki);
    return new BigInteger(1, digest, 0, SERIAL_BYTES);
  }

  private static byte[] signatureAlgorithm(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case EC_P256 -> Der.sequence(Der.oid("2A8648CE3D040302"));
      case EC_P384 -> Der.sequence(Der.oid("2A8648CE3D040303"));
      case RSA_2048, RSA_3072, RSA_4096 ->
          Der.sequence(Der.oid("2A864886F70D01010B"), Der.nothing());
    };
  }

  private static byte[] sign(byte[] tbs, KeyAlgorithm algorithm, PrivateKey key, Provider token)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm.signatureName(), token);
    signature.initSign(key);
    signature.update(tbs);
    return signature.sign();
  }
}
