package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import io.signet.attestation.CompactJws;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.spiffe.TrustDomain;
import java.text.ParseException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * CORP-7: any text as a token for the local review, and any claims as those of one that is signed
 * well. In this cluster everything is there that a token may be bound to.
 */
final class LocalTokenFuzz {

  private static final String CLAIMS =
      """
      {"aud":["istio-ca"],"exp":1764100000,"iat":1764056800,"iss":"https://k","jti":"7c2f",\
      "kubernetes.io":{"namespace":"shop",\
      "node":{"name":"node-1","uid":"u"},"pod":{"name":"cart-1","uid":"u"},\
      "serviceaccount":{"name":"cart","uid":"u"},"warnafter":1764060000},\
      "nbf":1764056900,"sub":"system:serviceaccount:shop:cart"}\
      """;

  private final KeySet keys;
  private final LocalReview review =
      new LocalReview(
          Clusters.unreachable("main", Review.LOCAL),
          new TrustDomain("example.org"),
          _ -> Optional.of("https://k"),
          new Everything(),
          new Everything(),
          new Everything(),
          new TestClock(Instant.ofEpochSecond(1764060000)));

  LocalTokenFuzz() throws JOSEException, ParseException {
    var key = new ECKeyGenerator(Curve.P_256).algorithm(JWSAlgorithm.ES256).keyID("k").generate();
    keys = new KeySet(new JWKSet(key.toPublicJWK()).toString());
  }

  private record Everything() implements KnownObjects {
    @Override
    public boolean isFresh() {
      return true;
    }

    @Override
    public Optional<KubeObject> find(String namespace, String name) {
      return Optional.of(new KubeObject(namespace, name, "u", null, "", "", ""));
    }

    @Override
    public List<KubeObject> podsOn(String node, String namespace, String serviceAccount) {
      throw new UnsupportedOperationException("tokens do not ask for that");
    }
  }

  @MethodSource("seeds")
  @FuzzTest(maxExecutions = 20_000, maxDuration = "")
  void prove(byte[] input) {
    String text = new String(input, UTF_8);
    if (CompactJws.problem(text).isEmpty()) {
      judge(text);
    }
    judge(Base64URL.encode(text) + "." + Base64URL.encode(input) + ".AAAA");
  }

  // Nobody here has signed anything.
  private void judge(String token) {
    assertThat(keys.keyOf(token).filter(key -> key.hasSigned(token))).isEmpty();
    review
        .prove(token)
        .ifPresent(account ->
            assertThat(account.id().toString())
                .matches("spiffe://example.org/ns/[-a-z0-9]+/sa/[-.a-z0-9]+"));
  }

  static Stream<byte[]> seeds() {
    return Stream.of(
            CLAIMS,
            "{\"alg\":\"ES256\",\"kid\":\"k\"}",
            "null",
            Base64URL.encode("{\"alg\":\"ES256\",\"kid\":\"k\"}")
                + "."
                + Base64URL.encode(CLAIMS)
                + ".AAAA")
        .map(seed -> seed.getBytes(UTF_8));
  }
}
