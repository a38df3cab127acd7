package io.signet.attestation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.signet.spiffe.SpiffeId;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * CORP-7, ISTIO-97: any text as a name, on the ways that a SAN of a request, an impersonated
 * identity and the subject of a token take.
 */
final class IdentityFuzz {

  @MethodSource("seeds")
  @FuzzTest(maxExecutions = 50_000, maxDuration = "")
  void parse(byte[] name) {
    String text = new String(name, UTF_8);
    spiffeId(text);
    subject(text);
  }

  // What is taken for a name is written in one way only, or two callers could have one.
  private static void spiffeId(String text) {
    try {
      SpiffeId id = SpiffeId.parse(text);
      assertThat(SpiffeId.parse(id.toString())).isEqualTo(id);
      assertThat(id.toString()).isEqualToIgnoringCase(text);
      assertThat(ServiceAccountName.of(id).in(id.trustDomain())).isEqualTo(id);
    } catch (IllegalArgumentException documented) {
      assertThat(documented).hasMessageContaining("expected");
    }
  }

  private static void subject(String text) {
    try {
      assertThat(ServiceAccountName.parse(text)).hasToString(text);
    } catch (IllegalArgumentException documented) {
      assertThat(documented).hasMessageContaining("expected");
    }
  }

  static Stream<byte[]> seeds() {
    return Stream.of(
            "spiffe://example.org/ns/shop/sa/cart",
            "SPIFFE://Example.ORG/ns/shop/sa/cart",
            "spiffe://example.org",
            "spiffe://example.org/ns/shop/sa/cart?x#y",
            "spiffe://example.org:8443/ns/../sa/%2e",
            "spiffe://a@example.org//ns/shop/sa/cart/",
            "system:serviceaccount:shop:cart",
            "system:serviceaccount:shop:cart.v1-2:x")
        .map(seed -> seed.getBytes(UTF_8));
  }
}
