package io.signet.spiffe;

import static io.signet.spiffe.Vectors.EXAMPLE;
import static io.signet.spiffe.Vectors.certificate;
import static io.signet.spiffe.Vectors.chain;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustBundleTest {
  private static final Optional<Duration> FIVE_MINUTES = Optional.of(Duration.ofMinutes(5));

  @Test // ISTIO-96: trust anchors that are given twice
  void new_repeatedAuthority_isKeptOnceInOrder() {
    TrustBundle bundle = bundle("root-rsa", "root", "root-rsa", "root");
    assertThat(bundle.authorities()).isEqualTo(chain("root-rsa", "root"));
  }

  @Test
  void new_laterChangeOfTheList_isNotSeen() {
    List<X509Certificate> given = new ArrayList<>(chain("root"));
    TrustBundle bundle = new TrustBundle(EXAMPLE, 1, given, Optional.empty());
    given.clear();
    assertThat(bundle.authorities()).hasSize(1);
  }

  // Path validation would take any anchor for a CA. ISTIO-95: a root that may not sign.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "leaf                         | no CA (expected: cA=true and keyCertSign)", // SPIFFE-23
        "intermediate-no-ca           | no CA (expected: cA=true and keyCertSign)", // SPIFFE-21
        "intermediate-no-keycertsign  | no CA (expected: cA=true and keyCertSign)", // SPIFFE-21
        "intermediate-with-path       | ID spiffe://example.org/ca (expected: an ID without a"
            + " path)", // SPIFFE-22
        "intermediate-ku-not-critical | key usage not critical (expected: critical)", // SPIFFE-25
      })
  void new_certificateThatMayNotSign_refusedByName(String name, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bundle(name))
        .withMessageContaining(message);
  }

  // PROF-4
  @Test
  void new_authorityWithOtherKey_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bundle("root-ed25519"))
        .withMessage("authority key: EdDSA (expected: EC or RSA)");
  }

  @Test
  void new_negativeSequence_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TrustBundle(EXAMPLE, -1, List.of(), Optional.empty()))
        .withMessage("sequence -1 (expected: >= 0)");
  }

  // SPIFFE-50
  @ParameterizedTest
  @ValueSource(strings = {"PT-1S", "PT0.5S"})
  void new_hintNotInWholeSeconds_refused(Duration hint) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TrustBundle(EXAMPLE, 1, List.of(), Optional.of(hint)))
        .withMessage("refresh hint %s (expected: whole seconds, >= 0)", hint);
  }

  // SPIFFE-49: every change of content has its own sequence. ISTIO-95: a root appended to another.
  @Test
  void plus_newAuthority_isLastAndRaisesTheSequence() {
    TrustBundle before = bundle("root");
    TrustBundle after = before.plus(certificate("root-rsa"));
    assertThat(after)
        .isEqualTo(new TrustBundle(EXAMPLE, 8, chain("root", "root-rsa"), FIVE_MINUTES));
    assertThat(before).isEqualTo(bundle("root"));
  }

  // ISTIO-95: a root appended to none.
  @Test
  void plus_firstAuthority_isTheOnlyOne() {
    assertThat(bundle().plus(certificate("root")).authorities()).isEqualTo(chain("root"));
  }

  // SPIFFE-49: no change, no new sequence
  @Test
  void plus_presentAuthority_isTheSameBundle() {
    TrustBundle bundle = bundle("root");
    assertThat(bundle.plus(certificate("root"))).isSameAs(bundle);
  }

  // SPIFFE-49
  @Test
  void minus_presentAuthority_raisesTheSequence() {
    assertThat(bundle("root", "root-rsa").minus(certificate("root")))
        .isEqualTo(new TrustBundle(EXAMPLE, 8, chain("root-rsa"), FIVE_MINUTES));
  }

  @Test
  void minus_absentAuthority_isTheSameBundle() {
    TrustBundle bundle = bundle("root");
    assertThat(bundle.minus(certificate("root-rsa"))).isSameAs(bundle);
  }

  // ISTIO-95: roots of EC and RSA.
  @Test
  void toPem_authorities_roundTrip() {
    String pem = Vectors.pem("root") + Vectors.pem("root-rsa");
    TrustBundle bundle = TrustBundle.ofPem(EXAMPLE, pem);
    assertThat(bundle)
        .isEqualTo(new TrustBundle(EXAMPLE, 0, chain("root", "root-rsa"), Optional.empty()));
    assertThat(bundle.toPem()).isEqualTo(pem);
  }

  // SPIFFE-49: it would not grow any more
  @Test
  void plusAndMinus_sequenceAtItsEnd_refused() {
    TrustBundle last = new TrustBundle(EXAMPLE, Long.MAX_VALUE, chain("root"), Optional.empty());
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> last.plus(certificate("root-rsa")));
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> last.minus(certificate("root")));
  }

  @Test
  void toString_saysWhichAndHowMany() {
    assertThat(bundle("root", "root-rsa"))
        .hasToString("TrustBundle[example.org, sequence 7, 2 authorities]");
  }

  // SPIFFE-48: a JWK Set. SPIFFE-49, SPIFFE-50: sequence and hint are integers. SPIFFE-51: keys
  // are there also when there are none.
  @Test
  void toJwkSet_noAuthorities_hasEmptyKeys() {
    assertThat(bundle().toJwkSet())
        .isEqualTo("{\"keys\":[],\"spiffe_sequence\":7,\"spiffe_refresh_hint\":300}");
  }

  @Test
  void toJwkSet_localeWithOtherDigits_isTheSame() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertThat(bundle().toJwkSet()).contains("\"spiffe_sequence\":7,");
    } finally {
      Locale.setDefault(before);
    }
  }

  // SPIFFE-50: no hint rather than a made-up one
  @Test
  void toJwkSet_noHint_isLeftOut() {
    assertThat(new TrustBundle(EXAMPLE, 1, List.of(), Optional.empty()).toJwkSet())
        .isEqualTo("{\"keys\":[],\"spiffe_sequence\":1}");
  }

  // SPIFFE-33, SPIFFE-53, SPIFFE-54; RFC 7518, 6.2.1: coordinates in the full length of the field
  @ParameterizedTest
  @CsvSource({"root, P-256, 32", "root-p384, P-384, 48", "root-p521, P-521, 66"})
  void toJwkSet_ecAuthority_hasTheDefinedMembersOnly(String name, String curve, int octets) {
    Map<String, Json> jwk = onlyKey(bundle(name));
    var key = (ECPublicKey) certificate(name).getPublicKey();
    assertThat(jwk).containsOnlyKeys("use", "kty", "crv", "x", "y", "x5c");
    assertThat(jwk)
        .containsEntry("use", new Json.Str("x509-svid"))
        .containsEntry("kty", new Json.Str("EC"))
        .containsEntry("crv", new Json.Str(curve))
        .containsEntry("x5c", x5c(name));
    assertThat(octets(jwk, "x")).hasSize(octets);
    assertThat(octets(jwk, "y")).hasSize(octets);
    assertThat(new BigInteger(1, octets(jwk, "x"))).isEqualTo(key.getW().getAffineX());
    assertThat(new BigInteger(1, octets(jwk, "y"))).isEqualTo(key.getW().getAffineY());
  }

  // SPIFFE-33, SPIFFE-53, SPIFFE-54; RFC 7518, 6.3.1: no leading zero octets
  @Test
  void toJwkSet_rsaAuthority_hasTheDefinedMembersOnly() {
    Map<String, Json> jwk = onlyKey(bundle("root-rsa"));
    var key = (RSAPublicKey) certificate("root-rsa").getPublicKey();
    assertThat(jwk).containsOnlyKeys("use", "kty", "n", "e", "x5c");
    assertThat(jwk)
        .containsEntry("use", new Json.Str("x509-svid"))
        .containsEntry("kty", new Json.Str("RSA"))
        .containsEntry("e", new Json.Str("AQAB"))
        .containsEntry("x5c", x5c("root-rsa"));
    assertThat(octets(jwk, "n")).hasSize(256);
    assertThat(new BigInteger(1, octets(jwk, "n"))).isEqualTo(key.getModulus());
  }

  @Test
  void parseJwkSet_printed_roundTrips() {
    TrustBundle bundle = bundle("root", "root-p384", "root-p521", "root-rsa");
    assertThat(TrustBundle.parseJwkSet(EXAMPLE, bundle.toJwkSet())).isEqualTo(bundle);
  }

  // SPIFFE-48: nothing beside keys is needed, and strangers do no harm
  @ParameterizedTest
  @ValueSource(strings = {"{\"keys\":[]}", "{\"a\":{\"b\":[null]},\"keys\":[],\"spiffe_x\":true}"})
  void parseJwkSet_keysOnly_isSequenceZeroWithoutHint(String json) {
    assertThat(TrustBundle.parseJwkSet(EXAMPLE, json))
        .isEqualTo(new TrustBundle(EXAMPLE, 0, List.of(), Optional.empty()));
  }

  // SPIFFE-49
  @Test
  void parseJwkSet_largestSequence_isExact() {
    String json = "{\"keys\":[],\"spiffe_sequence\":9223372036854775807}";
    assertThat(TrustBundle.parseJwkSet(EXAMPLE, json).sequence()).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "[]                                    | JWK Set: not an object",
        "{}                                    | JWK Set: no array \"keys\"", // SPIFFE-51
        "{\"keys\":null}                       | JWK Set: no array \"keys\"", // SPIFFE-51
        "{\"Keys\":[]}                         | JWK Set: no array \"keys\"", // SPIFFE-51
        "{\"keys\":[1]}                        | JWK Set: a key that is no object",
        "{\"keys\":[],\"keys\":[]}             | repeated member \"keys\"",
        "{\"keys\":[],\"spiffe_sequence\":\"1\"} | malformed \"spiffe_sequence\"", // SPIFFE-49
        "{\"keys\":[],\"spiffe_sequence\":1.5} | \"spiffe_sequence\" 1.5", // SPIFFE-49
        "{\"keys\":[],\"spiffe_sequence\":9223372036854775808} | an integer of 64 bits",
        "{\"keys\":[],\"spiffe_sequence\":1e999999999} | an integer of 64 bits",
        "{\"keys\":[],\"spiffe_sequence\":-1}  | sequence -1 (expected: >= 0)",
        "{\"keys\":[],\"spiffe_refresh_hint\":-1} | refresh hint PT-1S", // SPIFFE-50
      })
  void parseJwkSet_malformedDocument_refusedByName(String json, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrustBundle.parseJwkSet(EXAMPLE, json))
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "\"kty\":\"EC\",                          \"x5c\":[\"$\"]", // SPIFFE-53: no use
        "\"kty\":\"EC\", \"use\":\"X509-SVID\",   \"x5c\":[\"$\"]", // SPIFFE-53: case-sensitive
        "\"kty\":\"EC\", \"use\":\"jwt-svid\",    \"x5c\":[\"$\"]", // SPIFFE-46
        "\"kty\":\"EC\", \"use\":[\"x509-svid\"], \"x5c\":[\"$\"]", // SPIFFE-53
        "                \"use\":\"x509-svid\",   \"x5c\":[\"$\"]", // SPIFFE-53: no kty
        "\"kty\":\"ec\", \"use\":\"x509-svid\",   \"x5c\":[\"$\"]", // SPIFFE-52: case-sensitive
        "\"kty\":\"XY\", \"use\":\"x509-svid\",   \"x5c\":[\"$\"]", // SPIFFE-52
        "\"kty\":\"OKP\",\"use\":\"x509-svid\",   \"x5c\":[\"$\"]", // SPIFFE-52
        "\"kty\":\"EC\", \"use\":\"x509-svid\", \"crv\":\"secp256k1\", \"x5c\":[\"$\"]", // SPIFFE-52
        "\"kty\":\"EC\", \"use\":\"x509-svid\", \"crv\":\"p-256\",     \"x5c\":[\"$\"]", // SPIFFE-52
        "\"kty\":\"EC\", \"use\":\"x509-svid\"", // SPIFFE-34: no x5c
        "\"kty\":\"EC\", \"use\":\"x509-svid\",   \"x5c\":[]", // SPIFFE-34: empty x5c
        "\"kty\":\"XY\", \"use\":\"whatever\",    \"x5c\":17", // SPIFFE-52: not even looked at
      })
  void parseJwkSet_keyOfAnotherKind_isIgnored(String members) {
    assertThat(parseKeys(members, GOOD).authorities()).isEqualTo(chain("root"));
  }

  // SPIFFE-52: a key that we have no name for is as one of an unknown kty, and hides no other.
  @ParameterizedTest
  @CsvSource({"EC, secp256k1, root-secp256k1", "OKP, Ed25519, root-ed25519"})
  void parseJwkSet_authorityOnUnknownCurve_isIgnored(String kty, String crv, String root) {
    String unknown =
        "\"kty\":\"%s\",\"crv\":\"%s\",\"use\":\"x509-svid\",\"x5c\":[\"%s\"]"
            .formatted(kty, crv, base64(root));
    assertThat(parseKeys(unknown, GOOD).authorities()).isEqualTo(chain("root"));
  }

  // SPIFFE-52: also where the JWK says another kind than the certificate
  @Test
  void parseJwkSet_certificateWithKeyOfUnknownKind_isIgnored() {
    String unknown = GOOD.replace("$", base64("root-ed25519"));
    assertThat(parseKeys(unknown, GOOD).authorities()).isEqualTo(chain("root"));
  }

  // SPIFFE-35: the first value only
  @Test
  void parseJwkSet_severalCertificates_onlyTheFirstCounts() {
    String members = GOOD.replace("[\"$\"]", "[\"$\",\"" + base64("root-rsa") + "\",\"junk\"]");
    assertThat(parseKeys(members).authorities()).isEqualTo(chain("root"));
  }

  // SPIFFE-35: the union of the entries
  @Test
  void parseJwkSet_severalKeys_areUnited() {
    String other = GOOD.replace("$", base64("root-rsa"));
    assertThat(parseKeys(GOOD, other, GOOD).authorities()).isEqualTo(chain("root", "root-rsa"));
  }

  // An authority that cannot be read is no reason to trust the rest as if it were everything.
  @ParameterizedTest
  @ValueSource(strings = {"17", "[17]", "null", "[\"*\"]", "[\"AQID\"]", "\"$\""})
  void parseJwkSet_malformedAuthority_refused(String x5c) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parseKeys(GOOD.replace("[\"$\"]", x5c)))
        .withMessageStartingWith("JWK Set: ");
  }

  private static final String GOOD = "\"kty\":\"EC\",\"use\":\"x509-svid\",\"x5c\":[\"$\"]";

  private static TrustBundle parseKeys(String... keys) {
    String json = "{\"keys\":[{" + String.join("},{", keys) + "}]}";
    return TrustBundle.parseJwkSet(EXAMPLE, json.replace("$", base64("root")));
  }

  private static TrustBundle bundle(String... authorities) {
    return new TrustBundle(EXAMPLE, 7, chain(authorities), FIVE_MINUTES);
  }

  private static Map<String, Json> onlyKey(TrustBundle bundle) {
    var set = (Json.Obj) Json.parse(bundle.toJwkSet());
    assertThat(set.members()).containsOnlyKeys("keys", "spiffe_sequence", "spiffe_refresh_hint");
    List<Json> keys = member(set.members(), "keys", Json.Arr.class).elements();
    assertThat(keys).hasSize(1);
    return ((Json.Obj) keys.getFirst()).members();
  }

  private static byte[] octets(Map<String, Json> jwk, String name) {
    return Base64.getUrlDecoder().decode(member(jwk, name, Json.Str.class).value());
  }

  private static <T extends Json> T member(Map<String, Json> members, String name, Class<T> kind) {
    return kind.cast(requireNonNull(members.get(name), name));
  }

  private static Json x5c(String name) {
    return new Json.Arr(List.of(new Json.Str(base64(name))));
  }

  private static String base64(String name) {
    return Base64.getEncoder().encodeToString(Pem.decode("CERTIFICATE", Vectors.pem(name)));
  }
}
