package io.signet.ca.x509;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class KeyIdsTest {

  // The key of RFC 6979, A.2.5.
  private static final String SPKI =
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5"
          + "A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==";

  // RFC 7093, method 1; PROF-5. Made by: openssl pkey -pubin -outform DER | tail -c 65
  // | openssl dgst -sha256, the first 20 of 32 octets; 65 is the length of the key's bits.
  @Test
  void of_knownKey_leftmost160BitsOfSha256OverItsBits() throws Exception {
    PublicKey key =
        KeyFactory.getInstance("EC")
            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(SPKI)));

    assertThat(HexFormat.of().formatHex(KeyIds.of(key)))
        .isEqualTo("b18b86ce1389e46de87aa4a5131ce83c1160fa33");
  }
}
