package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemTest {
  private static final String BLOCK =
      "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";

  @Test
  void encode_bytes_isOneBlockThatEndsInANewline() {
    assertThat(Pem.encode("PRIVATE KEY", new byte[] {1, 2, 3})).isEqualTo(BLOCK);
  }

  // RFC 7468, section 2: lines of 64 characters
  @Test
  void encode_longContent_hasLinesOf64() {
    assertThat(Pem.encode("X", new byte[100]).lines().skip(1).limit(2))
        .containsExactly("A".repeat(64), "A".repeat(64));
  }

  @Test // ISTIO-96: multiple certs
  void encode_certificates_isWhatOpensslWrites() {
    assertThat(Pem.encode(Vectors.chain("leaf", "root-rsa")))
        .isEqualTo(Vectors.pem("leaf") + Vectors.pem("root-rsa"));
  }

  @Test // ISTIO-96: no certs
  void encode_noCertificates_isEmpty() {
    assertThat(Pem.encode(Vectors.chain())).isEmpty();
  }

  @Test
  void decode_encoded_roundTrips() {
    var random = new Random(3);
    for (int length = 0; length < 200; length++) {
      byte[] der = new byte[length];
      random.nextBytes(der);
      assertThat(Pem.decode("A LABEL", Pem.encode("A LABEL", der))).isEqualTo(der);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-----BEGIN PRIVATE KEY-----\r\nAQID\r\n-----END PRIVATE KEY-----\r\n",
        "-----BEGIN PRIVATE KEY-----\nAQ\nID\n-----END PRIVATE KEY-----",
        "# a comment\n-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\nmore\n"
      })
  void decode_otherLayouts_accepted(String pem) {
    assertThat(Pem.decode("PRIVATE KEY", pem)).containsExactly(1, 2, 3);
  }

  @Test
  void decode_otherLabel_refusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.decode("CERTIFICATE", BLOCK))
        .withMessage("PEM: block \"PRIVATE KEY\" (expected: CERTIFICATE)");
  }

  @Test
  void decode_twoBlocks_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.decode("PRIVATE KEY", BLOCK + BLOCK))
        .withMessage("PEM: 2 blocks (expected: exactly 1 of PRIVATE KEY)");
  }

  @Test
  void decode_blank_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.decode("PRIVATE KEY", " \n"))
        .withMessage("PEM: 0 blocks (expected: exactly 1 of PRIVATE KEY)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-----BEGIN PRIVATE KEY-----\nAQID\n",
        "-----BEGIN PRIVATE KEY-----\nAQID\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAQ*D\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END PRIVATE KEY-----\n",
        "AQID\n-----END PRIVATE KEY-----\n",
        "x -----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY----- x\n"
      })
  void decode_brokenBlock_refusedWithoutContent(String pem) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.decode("PRIVATE KEY", pem))
        .withMessageContaining("PEM: malformed block at offset")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("AQ"));
  }

  @Test
  void decode_notBase64_refusedWithoutContent() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.decode("KEY", "-----BEGIN KEY-----\nAQID=AQID\n-----END KEY-----\n"))
        .withMessage("PEM: block KEY: not base64");
  }

  @Test
  void certificates_severalWithComments_keepTheOrder() {
    String pem = "# the leaf\n" + Vectors.pem("leaf") + "\n# the root\n" + Vectors.pem("root");
    assertThat(Pem.certificates(pem)).isEqualTo(Vectors.chain("leaf", "root"));
  }

  @Test
  void certificates_blank_areNone() {
    assertThat(Pem.certificates("\n")).isEmpty();
  }

  @Test
  void certificates_textOnly_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates("hello"))
        .withMessage("PEM: no block (expected: CERTIFICATE)");
  }

  @Test
  void certificates_privateKeyAmongThem_refusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(Vectors.pem("leaf") + BLOCK))
        .withMessage("PEM: block \"PRIVATE KEY\" (expected: CERTIFICATE)");
  }

  // ISTIO-96: invalid pem. Istio's agent serves what it can read of such a file.
  @Test
  void certificates_damagedSecondBlock_isNotSkipped() {
    String damaged = Vectors.pem("root").replace("-----BEGIN", "----BEGIN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(Vectors.pem("leaf") + damaged))
        .withMessageContaining("malformed block");
  }

  // ISTIO-95: an invalid certificate.
  @Test
  void certificates_notACertificate_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(Pem.encode("CERTIFICATE", new byte[] {1, 2, 3})))
        .withMessageStartingWith("certificate: malformed");
  }

  @Test
  void certificates_bytesAfterTheCertificate_refused() {
    byte[] der = Certificates.der(Vectors.certificate("leaf"));
    byte[] longer = Arrays.copyOf(der, der.length + 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(Pem.encode("CERTIFICATE", longer)))
        .withMessage("certificate: not exactly one DER structure");
  }
}
