package io.signet.attestation.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeySetTest {

  private static final ECKey GOOD = ec("good");

  @Test
  void parse_publicKeys_foundById() {
    KeySet keys = KeySet.parse(jwks(GOOD, ec("other")));

    assertThat(keys.ids()).containsExactly("good", "other");
    assertThat(keys.find("good")).extracting(TrustedKey::id).isEqualTo("good");
    assertThat(keys.find("none")).isNull();
  }

  @Test
  void find_noId_theOnlyKeyOrNone() {
    assertThat(KeySet.parse(jwks(GOOD)).find(null)).isNotNull();
    assertThat(KeySet.parse(jwks(GOOD, ec("other"))).find(null)).isNull();
  }

  // RFC 7517, section 5: a set may hold keys for others, and of kinds that we do not know.
  @Test
  void parse_keysOfNoUseBesideAGoodOne_leftOut() throws Exception {
    String others =
        """
        {"kty":"LMS","kid":"unknown kind","x":"AA"},
        {"kty":"OKP","kid":"edwards","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"EC","kid":"not whole","crv":"P-256"},
        {"kid":"no kind"}, {}, null,\
        """;
    String jwks =
        jwks(
                GOOD,
                new ECKey.Builder(ec("for secrets")).keyUse(KeyUse.ENCRYPTION).build(),
                new ECKey.Builder(ec("x")).keyID(null).build(),
                new RSAKeyGenerator(1024, true).keyID("small").generate())
            .replace("\"keys\":[", "\"keys\":[" + others);

    KeySet keys = KeySet.parse(jwks);

    assertThat(keys.ids()).containsExactly("good");
    assertThat(keys.toString())
        .startsWith("[good], without [")
        .contains("\"small\": 1024 bits", "\"for secrets\": use enc", "\"edwards\": OKP key");
  }

  @Test
  void parse_nothingUsable_refusedWithReasons() throws Exception {
    assertRefused(jwks(), "no keys (expected: at least one)");
    assertRefused(
        jwks(new RSAKeyGenerator(1024, true).keyID("small").generate()),
        "no keys (expected: at least one): key \"small\": 1024 bits (expected: at least 2048)");
    assertRefused(jwks(new ECKey.Builder(GOOD).keyID(null).build()), "without kid");
  }

  @Test
  void parse_noJwkSet_refused() {
    assertRefused("{}", "not a JWK set");
    assertRefused("not json", "not a JWK set");
    assertRefused("[]", "not a JWK set");
    assertRefused("", "not a JWK set");
    assertRefused("{\"keys\":{}}", "not a JWK set");
    assertRefused("{\"keys\":[1]}", "not a JWK set");
    assertRefused("{\"keys\":" + "[".repeat(100_000), "not a JWK set");
  }

  // Who gives away a secret is not to be believed, and the message must not give it away again.
  @Test
  void parse_secretAmongTheKeys_refusedWithoutIt() {
    ECKey leaked = ec("leaked");
    var secret = new OctetSequenceKey.Builder(new byte[32]).keyID("hs").build();

    assertRefused(
        new JWKSet(List.of(GOOD, leaked)).toString(false), "private key \"good\" (EC key)");
    assertRefused(new JWKSet(List.of(secret)).toString(false), "private key \"hs\" (oct key)");
    assertThatThrownBy(() -> KeySet.parse(new JWKSet(leaked).toString(false)))
        .hasMessageNotContaining(leaked.getD().toString());
  }

  @Test
  void parse_twoKeysOfOneId_refused() {
    assertRefused(jwks(GOOD, ec("good")), "kid \"good\" twice");
  }

  private static void assertRefused(String jwks, String message) {
    assertThatThrownBy(() -> KeySet.parse(jwks))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("jwks: ")
        .hasMessageContaining(message);
  }

  private static String jwks(JWK... keys) {
    return new JWKSet(List.of(keys)).toString();
  }

  private static ECKey ec(String kid) {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(kid).generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }
}
