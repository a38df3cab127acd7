package io.signet.attestation.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.TestClock;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is proven from what is known; the same answers as the API server's: ReviewContract. */
class LocalReviewTest {

  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String ISSUER = "https://kubernetes.default.svc";

  private final TestClock clock = new TestClock(NOW);
  private final Known accounts = new Known(object("shop", "cart", "s"));
  private final Known pods = new Known(object("shop", "cart-1", "p"));
  private final Known nodes = new Known(object("", "node-1", "n"));
  private Optional<String> issuer = Optional.of(ISSUER);

  private final LocalReview review =
      new LocalReview(
          Clusters.unreachable("main", Review.LOCAL),
          new TrustDomain("example.org"),
          _ -> issuer,
          accounts,
          pods,
          nodes,
          clock);

  /** One object, or none. */
  private static final class Known implements KnownObjects {
    private @Nullable KubeObject object;
    private boolean fresh = true;

    Known(KubeObject object) {
      this.object = object;
    }

    @Override
    public boolean isFresh() {
      return fresh;
    }

    @Override
    public Optional<KubeObject> find(String namespace, String name) {
      return Optional.ofNullable(object)
          .filter(o -> o.namespace().equals(namespace) && o.name().equals(name));
    }

    @Override
    public List<KubeObject> podsOn(String node, String namespace, String serviceAccount) {
      throw new UnsupportedOperationException("tokens do not ask for that");
    }

    void deletedAt(Instant time) {
      KubeObject o = requireNonNull(object);
      object = new KubeObject(o.namespace(), o.name(), o.uid(), time, "", "", "");
    }
  }

  private static KubeObject object(String namespace, String name, String uid) {
    return new KubeObject(namespace, name, uid, null, "", "", "");
  }

  @Test
  void prove_allThere_proofAsOfAReview() {
    assertThat(review.prove(podToken()))
        .hasValue(
            new ServiceAccount(
                SpiffeId.parse("spiffe://example.org/ns/shop/sa/cart"),
                Optional.of(NOW.plusSeconds(600)),
                "main",
                "shop",
                "cart",
                Optional.of(new Pod("cart-1", "p"))));
    assertThat(pod(token(""))).isEmpty();
    assertThat(pod(nodeToken())).isEmpty();
  }

  private Optional<Pod> pod(String token) {
    return review.prove(token).orElseThrow().pod();
  }

  @Test
  void prove_signatureNotKnownToBeGood_empty() {
    issuer = Optional.empty();
    assertThat(review.prove(podToken())).isEmpty();
    issuer = Optional.of("https://other");
    assertThat(review.prove(podToken())).isEmpty();
  }

  @Test
  void prove_knowledgeOfWhatItIsBoundToNotFresh_empty() {
    pods.fresh = false;
    assertThat(review.prove(podToken())).isEmpty();
    assertThat(review.prove(nodeToken())).isPresent();

    pods.fresh = true;
    nodes.fresh = false;
    assertThat(review.prove(podToken())).isPresent();
    assertThat(review.prove(nodeToken())).isEmpty();

    accounts.fresh = false;
    assertThat(review.prove(podToken())).isEmpty();
    assertThat(review.prove(token(""))).isEmpty();
  }

  @Test
  void prove_notKnownOrOfAnotherUid_empty() {
    pods.object = null;
    assertThat(review.prove(podToken())).isEmpty();
    pods.object = object("shop", "cart-1", "another");
    assertThat(review.prove(podToken())).isEmpty();
    pods.object = object("other", "cart-1", "p");
    assertThat(review.prove(podToken())).isEmpty();

    nodes.object = object("", "node-1", "another");
    assertThat(review.prove(nodeToken())).isEmpty();
    accounts.object = object("shop", "cart", "another");
    assertThat(review.prove(token(""))).isEmpty();
  }

  // claims.go: what was to be gone a minute ago is gone, whether or not it is there still.
  @Test
  void prove_beingDeleted_untilAMinuteAfter() {
    pods.deletedAt(NOW.minusSeconds(60));
    assertThat(review.prove(podToken())).isPresent();
    pods.deletedAt(NOW.minusSeconds(61));
    assertThat(review.prove(podToken())).isEmpty();

    accounts.deletedAt(NOW.minusSeconds(60));
    assertThat(review.prove(token(""))).isPresent();
    accounts.deletedAt(NOW.minusSeconds(61));
    assertThat(review.prove(token(""))).isEmpty();

    accounts.deletedAt(NOW);
    nodes.deletedAt(NOW.minusSeconds(61));
    assertThat(review.prove(nodeToken())).isEmpty();
  }

  // Its times are in the token as seconds: 60 of leeway on both sides, as go-jose has it.
  @Test
  void prove_clockBeforeOrAfterItsTimes_emptyBeyondAMinute() {
    String token = podToken();
    clock.advance(Duration.ofMinutes(-1));
    assertThat(review.prove(token)).isPresent();
    clock.advance(Duration.ofMillis(-1));
    assertThat(review.prove(token)).isEmpty();

    clock.advance(Duration.ofMillis(1).plusSeconds(60 + 600 + 60));
    assertThat(review.prove(token)).isPresent();
    clock.advance(Duration.ofMillis(1));
    assertThat(review.prove(token)).isEmpty();
  }

  @Test
  void prove_anotherAudience_empty() {
    assertThat(review.prove(of(claims("").replace("istio-ca", "other")))).isEmpty();
  }

  @Test
  void prove_nameThatKubernetesDoesNotAllow_empty() {
    accounts.object = object("shop", "Cart_", "s");
    assertThat(review.prove(of(claims("").replace("\"cart\"", "\"Cart_\"")))).isEmpty();
  }

  @Test
  void prove_payloadThatIsNoBase64OrNoClaims_empty() {
    assertThat(review.prove("e30.A.AAAA")).isEmpty();
    assertThat(review.prove("e30.e30.AAAA")).isEmpty();
  }

  private static String podToken() {
    return token(
        """
        ,"pod":{"name":"cart-1","uid":"p"},"node":{"name":"gone","uid":"g"}\
        """);
  }

  private static String nodeToken() {
    return token(
        """
        ,"node":{"name":"node-1","uid":"n"}\
        """);
  }

  private static String token(String binding) {
    return of(claims(binding));
  }

  private static String claims(String binding) {
    return """
    {"aud":["other","istio-ca"],"exp":%d,"iat":%d,"nbf":%d,"iss":"%s",
     "kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"cart","uid":"s"}%s}}
    """
        .formatted(
            NOW.getEpochSecond() + 600,
            NOW.getEpochSecond() - 10,
            NOW.getEpochSecond(),
            ISSUER,
            binding);
  }

  private static String of(String claims) {
    return "e30." + base64(claims) + ".AAAA";
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }
}
