package io.signet.ca.x509;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** K8S-49, 53: keys as Istio, its tools and openssl write them. */
class KeyPemTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "RSA, genrsa -traditional 2048, -----BEGIN RSA PRIVATE KEY-----",
    "RSA, genrsa 2048, -----BEGIN PRIVATE KEY-----",
    "EC, ecparam -name prime256v1 -genkey -noout, -----BEGIN EC PRIVATE KEY-----",
    "EC, ecparam -name secp384r1 -genkey, -----BEGIN EC PARAMETERS-----",
    "EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256, -----BEGIN PRIVATE KEY-----"
  })
  void pkcs8_asOpensslWritesIt_theKey(String family, String command, String begin)
      throws Exception {
    String pem = openssl(command);
    assertThat(pem).contains(begin);

    byte[] pkcs8 = KeyPem.pkcs8(pem.getBytes(StandardCharsets.US_ASCII));

    PrivateKey key = KeyFactory.getInstance(family).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    String same = Openssl.run(folder, key.getEncoded(), "pkey", "-inform", "DER", "-pubout");
    assertThat(same)
        .isEqualTo(Openssl.run(folder, pem.getBytes(StandardCharsets.US_ASCII), "pkey", "-pubout"));
  }

  @Test
  void pkcs8_encrypted_refused() throws Exception {
    String plain = openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    String encrypted =
        Openssl.run(
            folder,
            plain.getBytes(StandardCharsets.US_ASCII),
            "pkcs8",
            "-topk8",
            "-passout",
            "pass:secret");

    assertRefused(encrypted);
  }

  @ParameterizedTest
  @CsvSource({
    "nothing at all",
    "-----BEGIN RSA PRIVATE KEY-----AAAA-----END RSA PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----AAAA-----END EC PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----AAAA-----END RSA PRIVATE KEY-----"
  })
  void pkcs8_noKey_refusedAndNothingOfItShown(String text) {
    assertRefused(text);
  }

  private static void assertRefused(String text) {
    assertThatThrownBy(() -> KeyPem.pkcs8(text.getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasNoCause()
        .hasMessage("no private key (expected: PKCS#8, PKCS#1 or SEC 1 as PEM, not encrypted)");
  }

  private String openssl(String command) throws Exception {
    return Openssl.run(folder, new byte[0], command.split(" "));
  }
}
