package io.signet.ca.x509;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** Private keys as others write them down: PKCS#8, or the forms of openssl before it. */
public final class KeyPem {

  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN (?<label>(?:RSA |EC |)PRIVATE KEY)-----"
              + "(?<body>[A-Za-z0-9+/=\\s]*)-----END \\k<label>-----");

  private KeyPem() {}

  /**
   * The key as PKCS#8, DER.
   *
   * @throws IllegalArgumentException when there is no such key, or it is encrypted; nothing of it
   *     is quoted
   */
  public static byte[] pkcs8(byte[] pem) {
    Matcher block = BLOCK.matcher(new String(pem, StandardCharsets.ISO_8859_1));
    if (!block.find()) {
      throw malformed();
    }
    byte[] der = Base64.getMimeDecoder().decode(block.group("body"));
    try {
      return switch (block.group("label")) {
        case "RSA PRIVATE KEY" -> rsa(der);
        case "EC PRIVATE KEY" -> ec(der);
        default -> der.clone();
      };
    } catch (IOException | RuntimeException e) {
      throw malformed(); // without the cause, which may speak of the key
    } finally {
      Arrays.fill(der, (byte) 0);
    }
  }

  private static byte[] rsa(byte[] pkcs1) throws IOException {
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);
    return new PrivateKeyInfo(algorithm, RSAPrivateKey.getInstance(pkcs1)).getEncoded();
  }

  // RFC 5915: the curve is in the key, and in PKCS#8 beside it.
  private static byte[] ec(byte[] sec1) throws IOException {
    ECPrivateKey key = ECPrivateKey.getInstance(ASN1Primitive.fromByteArray(sec1));
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, key.getParametersObject());
    return new PrivateKeyInfo(algorithm, key).getEncoded();
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException(
        "no private key (expected: PKCS#8, PKCS#1 or SEC 1 as PEM, not encrypted)");
  }
}
