package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.JWKGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.text.ParseException;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeySetTest {

  private static RSAKey rsa;

  @BeforeAll
  static void makeKey() throws JOSEException {
    rsa = rsa(2048).keyID("k").generate();
  }

  private static JWKGenerator<RSAKey> rsa(int bits) {
    return new RSAKeyGenerator(bits, true).algorithm(JWSAlgorithm.RS256);
  }

  // What an API server signs with: openidmetadata.go.
  static Stream<JWK> keys() throws JOSEException {
    return Stream.of(
        rsa(2048).keyID("k").generate(),
        rsa(4096).keyID("k").generate(),
        ec(Curve.P_256, JWSAlgorithm.ES256),
        ec(Curve.P_384, JWSAlgorithm.ES384),
        ec(Curve.P_521, JWSAlgorithm.ES512));
  }

  private static ECKey ec(Curve curve, JWSAlgorithm algorithm) throws JOSEException {
    return new ECKeyGenerator(curve).algorithm(algorithm).keyID("k").generate();
  }

  @ParameterizedTest
  @MethodSource("keys")
  void hasSigned_eachKind_itsOwnTokensOnly(JWK key) throws Exception {
    KeySet set = set(key);
    String good = token(key, _ -> {});
    // Twice, for the second finds its key another way.
    assertThat(hasSigned(set, good)).isTrue();
    assertThat(hasSigned(set, good)).isTrue();
    assertThat(hasSigned(set, token(key, _ -> {}, "other"))).isTrue();
    String signature = good.substring(good.lastIndexOf('.'));
    assertThat(hasSigned(set, token(key, _ -> {}, "other").replaceFirst("[^.]*$", "") + "AAAA"))
        .isFalse();
    assertThat(hasSigned(set, token(key, _ -> {}, "x").replaceFirst("\\.[^.]*$", signature)))
        .isFalse();
  }

  private static boolean hasSigned(KeySet set, String token) {
    return set.keyOf(token).filter(key -> key.hasSigned(token)).isPresent();
  }

  @Test
  void keyOf_otherHeader_empty() throws Exception {
    KeySet set = set(rsa);
    assertThat(set.keyOf(token(rsa, _ -> {}))).isPresent();
    assertThat(set.keyOf(token(rsa, header -> header.type(JOSEObjectType.JWT)))).isPresent();

    assertThat(set.keyOf(token(rsa, header -> header.keyID("other")))).isEmpty();
    assertThat(set.keyOf(token(rsa, header -> header.keyID(null)))).isEmpty();
    assertThat(set.keyOf(token(rsa, header -> header.type(JOSEObjectType.JOSE)))).isEmpty();
    assertThat(set.keyOf(token(rsa, header -> header.contentType("JWT")))).isEmpty();
    assertThat(set.keyOf(token(rsa, header -> header.customParam("x", "y")))).isEmpty();
    assertThat(set.keyOf(token(rsa, header -> header.jwk(rsa.toPublicJWK())))).isEmpty();
    JWSHeader rs512 = new JWSHeader.Builder(JWSAlgorithm.RS512).keyID("k").build();
    assertThat(set.keyOf(token(rsa, rs512, "x"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"e30", "e", "AAAA", "bnVsbA", "W10", "eyJhbGciOiJub25lIn0"})
  void keyOf_noHeader_empty(String header) throws Exception {
    assertThat(set(rsa).keyOf(header + ".e30.AAAA")).isEmpty();
  }

  @Test
  void isEmpty_keysOfNoUse_true() throws Exception {
    assertThat(new KeySet("{\"keys\":[]}").isEmpty()).isTrue();
    assertThat(set(rsa(1024).keyID("k").generate()).isEmpty()).isTrue();
    assertThat(set(rsa(2048).generate()).isEmpty()).isTrue();
    assertThat(set(new RSAKeyGenerator(2048).keyID("k").generate()).isEmpty()).isTrue();
    assertThat(set(rsa).isEmpty()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "null", "{", "{\"keys\":{}}"})
  void new_noSet_refused(String text) {
    assertThatThrownBy(() -> new KeySet(text)).isInstanceOf(ParseException.class);
  }

  private static KeySet set(JWK key) throws ParseException {
    return new KeySet(new JWKSet(List.of(key)).toString(true));
  }

  private static String token(JWK key, Consumer<JWSHeader.Builder> change, String... payload)
      throws JOSEException {
    var header = new JWSHeader.Builder(JWSAlgorithm.parse(key.getAlgorithm().getName()));
    header.keyID("k");
    change.accept(header);
    return token(key, header.build(), payload.length == 0 ? "good" : payload[0]);
  }

  private static String token(JWK key, JWSHeader header, String payload) throws JOSEException {
    var jws = new JWSObject(header, new Payload(payload));
    jws.sign(signer(key));
    return jws.serialize();
  }

  private static JWSSigner signer(JWK key) throws JOSEException {
    return key instanceof ECKey ec ? new ECDSASigner(ec) : new RSASSASigner(key.toRSAKey());
  }
}
