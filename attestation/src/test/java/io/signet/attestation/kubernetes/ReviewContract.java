package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.TestCluster.Kind.NODE;
import static io.signet.attestation.kubernetes.TestCluster.Kind.POD;
import static io.signet.attestation.kubernetes.TestCluster.Kind.SECRET;
import static io.signet.attestation.kubernetes.TestCluster.Kind.SERVICE_ACCOUNT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Proof.Pod;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Refusal;
import io.signet.attestation.kubernetes.Cluster.Review;
import io.signet.attestation.kubernetes.TestCluster.Bound;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One table of tokens with the answers that both ways of review must give, whatever answers as an
 * API server. A change in the cluster takes a moment to be known, to the API server itself too, so
 * an answer is asked for until it is the expected one.
 */
@TestInstance(Lifecycle.PER_CLASS)
public abstract class ReviewContract {

  private static final TrustDomain TRUST_DOMAIN = new TrustDomain("example.org");
  private static final String AUDIENCE = "istio-ca";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private TestCluster cluster;
  private KubernetesAttestor api;
  private KubernetesAttestor local;

  /** A cluster with nothing in it but the namespace. */
  protected abstract TestCluster launch() throws Exception;

  /** How often a cluster is asked for what is to be known of it. */
  protected ClusterKnowledge.Pace pace() {
    return ClusterKnowledge.Pace.STANDARD;
  }

  @BeforeAll
  void open() throws Exception {
    cluster = launch();
    api = attestor(Review.API);
    local = attestor(Review.LOCAL);
  }

  private KubernetesAttestor attestor(Review review) throws IOException {
    return KubernetesAttestor.open(
        List.of(Clusters.cluster("main", cluster.kubeconfig(), review)),
        TRUST_DOMAIN,
        Duration.ofSeconds(30),
        pace(),
        Clock.systemUTC(),
        System::nanoTime);
  }

  @AfterAll
  void close() throws Exception {
    local.close();
    api.close();
    cluster.close();
  }

  /** What an answer comes to. */
  enum Answer {
    /** Proven; and for LOCAL without asking. */
    PROVEN,
    /** Proven, and LOCAL must ask, for it does not know the form. */
    PROVEN_BY_API,
    INVALID
  }

  /** A case of the table. */
  record Case(String what, Tokens tokens, Answer answer) {
    @Override
    public String toString() {
      return what;
    }
  }

  /** Brings about what a case is about. */
  interface Tokens {
    String make(Scene scene) throws Exception;
  }

  private static List<Case> cases() {
    return List.of(
        // K8S-6, K8S-7, K8S-13
        new Case("bound to a pod", Scene::podToken, Answer.PROVEN),
        new Case("bound to nothing", scene -> scene.token(null), Answer.PROVEN),
        new Case("bound to a node", Scene::nodeToken, Answer.PROVEN),
        new Case("bound to a secret", Scene::secretToken, Answer.PROVEN_BY_API),
        new Case(
            "bound to a pod whose node is gone",
            scene -> {
              String token = scene.podToken();
              scene.delete(NODE);
              return token;
            },
            Answer.PROVEN),
        // K8S-1, K8S-3, K8S-4
        new Case(
            "for others too", scene -> scene.token(scene.pod(), "other", AUDIENCE), Answer.PROVEN),
        new Case("for others only", scene -> scene.token(scene.pod(), "other"), Answer.INVALID),
        new Case(
            "for the API server", scene -> scene.token(scene.pod(), new String[0]), Answer.INVALID),
        new Case("for nobody", resigned(claims -> claims.remove("aud")), Answer.INVALID),
        new Case(
            "audience as one text", resigned(claims -> claims.put("aud", AUDIENCE)), Answer.PROVEN),
        // The leeway of a minute, and what is beyond.
        new Case("expired 30 s ago", resigned(at("exp", -30)), Answer.PROVEN),
        new Case("expired 5 min ago", resigned(at("exp", -300)), Answer.INVALID),
        new Case("not before 30 s from now", resigned(at("nbf", 30)), Answer.PROVEN),
        new Case("not before 5 min from now", resigned(at("nbf", 300)), Answer.INVALID),
        new Case("issued 30 s from now", resigned(at("iat", 30)), Answer.PROVEN),
        new Case("issued 5 min from now", resigned(at("iat", 300)), Answer.INVALID),
        new Case(
            "neither nbf nor iat",
            resigned(claims -> claims.remove(List.of("nbf", "iat"))),
            Answer.PROVEN),
        new Case("without end", resigned(claims -> claims.remove("exp")), Answer.PROVEN_BY_API),
        new Case(
            "end as a fraction",
            resigned(claims -> claims.put("exp", 4e9 + 0.5)),
            Answer.PROVEN_BY_API),
        // K8S-55: the account is that of the private claims.
        new Case(
            "another subject",
            resigned(claims -> claims.put("sub", "system:serviceaccount:kube-system:admin")),
            Answer.PROVEN),
        new Case("a pod of another account", Scene::tokenWithPodOfAnother, Answer.PROVEN),
        new Case("unknown claims", resigned(claims -> claims.put("x", "y")), Answer.PROVEN),
        new Case(
            "a binding of a form to come",
            resigned(claims -> binding(claims).putObject("vault").put("uid", "1")),
            Answer.PROVEN_BY_API),
        new Case(
            "of the form before there were bindings",
            resigned(claims -> {
              claims.remove(List.of("kubernetes.io", "aud", "exp", "nbf", "iat"));
              claims.put("iss", "kubernetes/serviceaccount");
              claims.put("kubernetes.io/serviceaccount/namespace", "shop");
            }),
            Answer.INVALID),
        new Case(
            "no binding at all",
            resigned(claims -> claims.remove("kubernetes.io")),
            Answer.INVALID),
        new Case(
            "a pod without name",
            resigned(claims -> binding(claims).withObject("pod").remove("name")),
            Answer.INVALID),
        new Case(
            "another namespace",
            resigned(claims -> binding(claims).put("namespace", "kube-system")),
            Answer.INVALID),
        new Case(
            "another issuer",
            resigned(claims -> claims.put("iss", "https://other")),
            Answer.INVALID),
        new Case("without issuer", resigned(claims -> claims.remove("iss")), Answer.INVALID),
        // Forged
        new Case(
            "another key under the same kid",
            scene -> {
              String token = scene.podToken();
              return forged(token, kid(token));
            },
            Answer.INVALID),
        new Case(
            "another key under its own kid",
            scene -> forged(scene.podToken(), "mine"),
            Answer.INVALID),
        new Case(
            "another key without kid", scene -> forged(scene.podToken(), null), Answer.INVALID),
        new Case("HMAC", scene -> hmac(scene.podToken()), Answer.INVALID),
        new Case("alg none", scene -> withoutSignature(scene.podToken()), Answer.INVALID),
        new Case("a changed claim", scene -> changed(scene.podToken()), Answer.INVALID),
        // Gone
        new Case(
            "the pod is deleted",
            scene -> {
              String token = scene.podToken();
              scene.delete(POD);
              return token;
            },
            Answer.INVALID),
        new Case(
            "the pod is another of the same name",
            scene -> {
              String token = scene.podToken();
              scene.delete(POD);
              scene.pod();
              return token;
            },
            Answer.INVALID),
        new Case(
            "the service account is deleted",
            scene -> {
              String token = scene.podToken();
              scene.delete(SERVICE_ACCOUNT);
              return token;
            },
            Answer.INVALID),
        new Case(
            "the service account is another of the same name",
            scene -> {
              String token = scene.podToken();
              scene.delete(SERVICE_ACCOUNT);
              scene.account();
              return token;
            },
            Answer.INVALID),
        new Case(
            "bound to nothing, the service account is deleted",
            scene -> {
              String token = scene.token(null);
              scene.delete(SERVICE_ACCOUNT);
              return token;
            },
            Answer.INVALID),
        new Case(
            "the node it is bound to is deleted",
            scene -> {
              String token = scene.nodeToken();
              scene.delete(NODE);
              return token;
            },
            Answer.INVALID),
        new Case(
            "the secret it is bound to is deleted",
            scene -> {
              String token = scene.secretToken();
              scene.delete(SECRET);
              return token;
            },
            Answer.INVALID));
  }

  private static Tokens resigned(Consumer<ObjectNode> change) {
    return scene -> scene.cluster().resign(scene.podToken(), change);
  }

  private static Consumer<ObjectNode> at(String claim, int secondsFromNow) {
    return claims -> claims.put(claim, Instant.now().getEpochSecond() + secondsFromNow);
  }

  private static ObjectNode binding(ObjectNode claims) {
    return claims.withObject("kubernetes.io");
  }

  /** The objects of one case, with names of their own. */
  record Scene(TestCluster cluster, String name) {

    void account() throws IOException {
      cluster.createServiceAccount(name);
    }

    @CanIgnoreReturnValue
    Bound pod() throws IOException {
      cluster.createPod(name, name, name);
      return new Bound(POD, name);
    }

    String podToken() throws IOException {
      return token(pod(), AUDIENCE);
    }

    String nodeToken() throws IOException {
      return token(new Bound(NODE, name), AUDIENCE);
    }

    String secretToken() throws IOException {
      cluster.createSecret(name);
      return token(new Bound(SECRET, name), AUDIENCE);
    }

    String token(@Nullable Bound bound) throws IOException {
      return token(bound, AUDIENCE);
    }

    String token(@Nullable Bound bound, String... audiences) throws IOException {
      return cluster.token(name, Optional.ofNullable(bound), List.of(audiences));
    }

    String tokenWithPodOfAnother() throws IOException {
      String other = name + "-other";
      cluster.createServiceAccount(other);
      String uid = cluster.createPod(other, other, name);
      return cluster.resign(
          token(null),
          claims -> binding(claims).putObject("pod").put("name", other).put("uid", uid));
    }

    void delete(TestCluster.Kind kind) throws IOException {
      cluster.delete(kind, name);
    }
  }

  private static String kid(String token) throws IOException {
    return part(token, 0).get("kid").asText();
  }

  private static JsonNode part(String token, int index) throws IOException {
    return JSON.readTree(Base64.getUrlDecoder().decode(token.split("\\.", -1)[index]));
  }

  private static String forged(String token, @Nullable String kid) throws Exception {
    var header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(kid).build();
    var jws = new JWSObject(header, new Payload(part(token, 1).toString()));
    jws.sign(new RSASSASigner(new RSAKeyGenerator(2048).generate()));
    return jws.serialize();
  }

  private static String hmac(String token) throws IOException, JOSEException {
    var header = new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(kid(token)).build();
    var jws = new JWSObject(header, new Payload(part(token, 1).toString()));
    jws.sign(new MACSigner(new byte[32]));
    return jws.serialize();
  }

  private static String withoutSignature(String token) throws IOException {
    return base64("{\"alg\":\"none\",\"kid\":\"" + kid(token) + "\"}")
        + token.substring(token.indexOf('.'));
  }

  private static String changed(String token) throws IOException {
    String[] parts = token.split("\\.", -1);
    ObjectNode claims = (ObjectNode) part(token, 1);
    claims.put("exp", claims.get("exp").asLong() + 1);
    return parts[0] + '.' + base64(claims.toString()) + '.' + parts[2];
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  private static Stream<Arguments> table() {
    return cases().stream()
        .flatMap(each -> Stream.of(Review.values()).map(review -> Arguments.of(each, review)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("table")
  void attest_eachToken_sameAnswerInBothWays(Case each, Review review) throws Exception {
    Scene scene = new Scene(cluster, "n" + UUID.randomUUID().toString().substring(0, 8));
    cluster.createNode(scene.name());
    scene.account();
    String token = each.tokens().make(scene);

    switch (each.answer()) {
      case PROVEN -> awaitProven(review, token, true);
      case PROVEN_BY_API -> awaitProven(review, token, false);
      case INVALID -> awaitInvalid(review, token);
    }
  }

  /** Proven, and if {@code unasked} so, then without a review where none is needed. */
  private void awaitProven(Review review, String token, boolean unasked) throws Exception {
    var expected = new Proven(expected(token));
    await(() -> {
      long before = cluster.reviews();
      Attestation last = null;
      // Several, for a real API server counts a review only after it has answered.
      for (int i = 0; i < 3; i++) {
        last = attest(review, token);
        if (!last.equals(expected)) {
          return Optional.of(last + " instead of " + expected);
        }
      }
      boolean asked = cluster.reviews() > before;
      return asked == (review == Review.API || !unasked)
          ? Optional.empty()
          : Optional.of("proven, the API server being asked: " + asked);
    });
  }

  private static ServiceAccount expected(String token) throws IOException {
    JsonNode claims = part(token, 1);
    JsonNode binding = claims.get("kubernetes.io");
    String name = binding.at("/serviceaccount/name").asText();
    return new ServiceAccount(
        SpiffeId.parse("spiffe://example.org/ns/shop/sa/" + name),
        Optional.ofNullable(claims.get("exp")).map(exp -> Instant.ofEpochSecond(exp.asLong())),
        "main",
        "shop",
        name,
        Optional.ofNullable(binding.get("pod"))
            .map(pod -> new Pod(pod.get("name").asText(), pod.get("uid").asText())));
  }

  private void awaitInvalid(Review review, String token) throws Exception {
    await(() -> {
      Attestation answer = attest(review, token);
      return answer instanceof Unproven(Refusal.Invalid _)
          ? Optional.empty()
          : Optional.of(String.valueOf(answer));
    });
  }

  private Attestation attest(Review review, String token) {
    KubernetesAttestor attestor =
        switch (review) {
          case API -> api;
          case LOCAL -> local;
        };
    return attestor.attest(new BearerToken(token, "main"));
  }

  /** Says what is not as it should be, if anything is. */
  private interface Check {
    Optional<String> fault() throws IOException;
  }

  private static void await(Check check) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    Optional<String> fault = check.fault();
    while (fault.isPresent() && Instant.now().isBefore(end)) {
      Thread.sleep(20);
      fault = check.fault();
    }
    assertThat(fault).isEmpty();
  }
}
