package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.kubernetes.BoundToken.Ref;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoundTokenTest {

  // As kube-apiserver 1.36 makes them for a pod (K8S-13), and for kubectl's older users warnafter.
  private static final String GOOD =
      """
      {"aud":["istio-ca"],"exp":1764100000,"iat":1764056800,"iss":"https://k","jti":"7c2f",\
      "kubernetes.io":{"namespace":"shop",\
      "node":{"name":"node-1","uid":"n"},"pod":{"name":"cart-1","uid":"p"},\
      "serviceaccount":{"name":"cart","uid":"s"},"warnafter":1764060000},\
      "nbf":1764056900,"sub":"system:serviceaccount:shop:cart"}\
      """;

  @Test
  void parse_tokenOfAPod_allThatItNames() {
    assertThat(parse(GOOD))
        .hasValue(
            new BoundToken(
                "https://k",
                List.of("istio-ca"),
                Instant.ofEpochSecond(1764056900),
                Instant.ofEpochSecond(1764100000),
                "shop",
                new Ref("cart", "s"),
                Optional.of(new Ref("cart-1", "p")),
                Optional.of(new Ref("node-1", "n"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {"aud" | [{"aud"
          "sub":"system:serviceaccount:shop:cart"} | "sub":"x"} {}
          "sub":"system:serviceaccount:shop:cart"} | "sub":"x"
          "iss":"https://k", | ~~
          "iss":"https://k", | "iss":"",
          "iss":"https://k", | "iss":null,
          "iss":"https://k", | "iss":"https://k","iss":"https://k",
          "aud":["istio-ca"], | ~~
          "aud":["istio-ca"], | "aud":["istio-ca",1],
          "aud":["istio-ca"], | "aud":["istio-ca",["x"]],
          "aud":["istio-ca"], | "aud":{"istio-ca":1},
          "exp":1764100000, | ~~
          "exp":1764100000, | "exp":1764100000.5,
          "exp":1764100000, | "exp":1.7641e9,
          "exp":1764100000, | "exp":"1764100000",
          "exp":1764100000, | "exp":99999999999999999999,
          "exp":1764100000, | "exp":9223372036854775807,
          "exp":1764100000, | "exp":1764100000,"exp":1,
          "nbf":1764056900, | "nbf":null,
          "kubernetes.io":{ | "kubernetes":{
          "kubernetes.io":{ | "kubernetes.io":5,"x":{
          "kubernetes.io":{ | "kubernetes.io/serviceaccount/namespace":"shop","kubernetes.io":{
          "namespace":"shop", | ~~
          "namespace":"shop", | "namespace":"shop","namespace":"other",
          "node":{ | "secret":{"name":"x","uid":"y"},"node":{
          "node":{ | "volume":{"name":"x","uid":"y"},"node":{
          "node":{ | "Node":{
          "pod":{"name":"cart-1","uid":"p"} | "pod":{"name":"cart-1"}
          "pod":{"name":"cart-1","uid":"p"} | "pod":{"uid":"p"}
          "pod":{"name":"cart-1","uid":"p"} | "pod":{"name":"cart-1","uid":""}
          "pod":{"name":"cart-1","uid":"p"} | "pod":{"name":"cart-1","uid":"p","generation":1}
          "pod":{"name":"cart-1","uid":"p"} | "pod":{"name":"cart-1","uid":"p"},"pod":{"name":"x","uid":"y"}
          "pod":{"name":"cart-1","uid":"p"} | "pod":"cart-1"
          "pod":{"name":"cart-1","uid":"p"} | "pod":null
          "serviceaccount":{"name":"cart","uid":"s"} | "x":{}
          """)
  void parse_anotherForm_empty(String part, String other) {
    assertThat(GOOD).contains(part);
    assertThat(parse(GOOD.replace(part, other))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          "jti":"7c2f", | ~~
          "jti":"7c2f", | "jti":"7c2f","groups":["x",{"y":[1]}],
          "nbf":1764056900, | ~~
          "aud":["istio-ca"] | "aud":"istio-ca"
          "pod":{"name":"cart-1","uid":"p"}, | ~~
          "node":{"name":"node-1","uid":"n"}, | ~~
          ,"warnafter":1764060000 | ~~
          """)
  void parse_whatMayDiffer_read(String part, String other) {
    assertThat(GOOD).contains(part);
    assertThat(parse(GOOD.replace(part, other))).isPresent();
  }

  @Test
  void parse_garbage_empty() {
    var random = new Random(20261125);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = GOOD.getBytes(UTF_8);
      int start = random.nextInt(bytes.length);
      int end = Math.min(bytes.length, start + 1 + random.nextInt(4));
      for (int j = start; j < end; j++) {
        bytes[j] = (byte) random.nextInt(256);
      }
      // Read or not: without an exception.
      assertThat(BoundToken.parse(bytes)).isNotNull();
    }
  }

  private static Optional<BoundToken> parse(String claims) {
    return BoundToken.parse(claims.getBytes(UTF_8));
  }
}
