package io.signet.ca.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.testing.Fixtures;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HolderKeyTest {

  private static final String UID = "0f1e2d3c-4b5a-4697-8877-665544332211";

  @Test
  void pod_uid_it() {
    assertThat(new HolderKey(Fixtures.CART, UID).pod()).contains(UID);
    assertThat(HolderKey.parse(Fixtures.CART + "|" + UID).pod()).contains(UID);
  }

  // A serial number is of up to 20 octets and may have as many digits as a UID.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0f1e2d3c4b5a46978877665544332211",
        "0f1e2d3c4b5a46978877665544332211aabb",
        "#0f1e2d3c-4b5a-4697-8877-665544332211",
        "0f1e2d3c-4b5a-4697-8877-665544332211 ",
        "0F1E2D3C-4B5A-4697-8877-665544332211",
        "gf1e2d3c-4b5a-4697-8877-665544332211"
      })
  void pod_anythingElse_none(String instance) {
    assertThat(new HolderKey(Fixtures.CART, instance).pod()).isEmpty();
  }

  @Test
  void pod_oneCertificateAlone_none() {
    SerialNumber serial = new SerialNumber(BigInteger.TWO.pow(140));

    assertThat(HolderKey.single(Fixtures.CART, serial).pod()).isEmpty();
    assertThat(new HolderKey(Fixtures.CART, serial.toString()).pod()).isEmpty();
  }
}
