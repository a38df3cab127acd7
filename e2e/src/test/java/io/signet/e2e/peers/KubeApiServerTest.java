package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("e2e")
final class KubeApiServerTest {
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
  private static final String REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";

  @AutoClose private static KubeApiServer cluster;

  @BeforeAll
  static void launch() throws IOException {
    cluster = KubeApiServer.launch();
    cluster.createNode("node-1");
    cluster.createNamespace("shop");
    cluster.createServiceAccount("shop", "cart");
  }

  @Test
  void review_boundToken_namesPodAndNode() throws IOException {
    String uid = cluster.createPod("shop", "cart-1", "cart", "node-1");
    JsonNode status = review(boundToken("cart-1"));
    assertThat(status.at("/authenticated").asBoolean()).isTrue();
    assertThat(status.at("/user/username").asText()).isEqualTo("system:serviceaccount:shop:cart");
    assertThat(extra(status, "pod-name")).isEqualTo("cart-1");
    assertThat(extra(status, "pod-uid")).isEqualTo(uid);
    assertThat(extra(status, "node-name")).isEqualTo("node-1");
  }

  @Test
  void review_neverUsedTokenOfDeletedPod_refused() throws IOException {
    cluster.createPod("shop", "cart-2", "cart", "node-1");
    String token = boundToken("cart-2");
    cluster.deletePod("shop", "cart-2");
    assertRefused(token);
  }

  @Test
  void review_expiredToken_refused() throws IOException {
    assertRefused(cluster.expired(unboundToken()));
  }

  @Test
  void review_resignedToken_acceptedAsTheKeyIsTheServers() throws IOException {
    String token = cluster.resign(unboundToken(), claims -> claims.put("jti", "another"));
    assertThat(review(token).at("/authenticated").asBoolean()).isTrue();
  }

  @Test
  void review_tokenForOtherAudience_refused() throws IOException {
    assertRefused(cluster.token("shop", "cart", null, List.of("elsewhere"), TEN_MINUTES));
  }

  @Test
  void createPod_status_isRunningWithAnAddress() throws IOException {
    cluster.createPod("shop", "cart-3", "cart", "node-1");
    JsonNode status = cluster.get("/api/v1/namespaces/shop/pods/cart-3").get("status");
    assertThat(status.at("/phase").asText()).isEqualTo("Running");
    assertThat(status.at("/podIP").asText()).startsWith("10.244.");
  }

  @Test
  void start_afterStop_hasTheSameData() throws IOException {
    cluster.createServiceAccount("shop", "survivor");
    cluster.stop();
    assertThatThrownBy(() -> cluster.get("/readyz")).isInstanceOf(ConnectException.class);
    cluster.start();
    JsonNode found = cluster.get("/api/v1/namespaces/shop/serviceaccounts/survivor");
    assertThat(found.at("/metadata/name").asText()).isEqualTo("survivor");
  }

  @Test
  void apply_twice_objectsAreThere(@TempDir Path folder) throws IOException {
    Path manifest =
        Files.writeString(
            folder.resolve("rbac.yaml"),
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata:
              name: reviewer
            rules:
            - apiGroups: [authentication.k8s.io]
              resources: [tokenreviews]
              verbs: [create]
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: applied
              namespace: shop
            data: {key: value}
            """);
    cluster.apply(manifest);
    cluster.apply(manifest);
    JsonNode map = cluster.get("/api/v1/namespaces/shop/configmaps/applied");
    assertThat(map.at("/data/key").asText()).isEqualTo("value");
    assertThat(
            cluster
                .get("/apis/rbac.authorization.k8s.io/v1/clusterroles/reviewer")
                .at("/rules/0/verbs/0")
                .asText())
        .isEqualTo("create");
  }

  @Test
  void adminKubeconfig_holdsTheAdministratorsCertificate() throws Exception {
    String kubeconfig = Files.readString(cluster.adminKubeconfig());
    byte[] pem = Base64.getDecoder().decode(valueOf("client-certificate-data", kubeconfig));
    var certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(pem));
    assertThat(certificate.getSubjectX500Principal().getName()).contains("O=system:masters");
    assertThat(valueOf("server", kubeconfig)).isEqualTo(cluster.address().toString());
  }

  @Test
  void kubeconfigFor_serviceAccount_holdsATokenOfIt() throws IOException {
    String kubeconfig = Files.readString(cluster.kubeconfigFor("shop", "cart"));
    JsonNode status = review(valueOf("token", kubeconfig));
    assertThat(status.at("/user/username").asText()).isEqualTo("system:serviceaccount:shop:cart");
  }

  private static String valueOf(String key, String kubeconfig) {
    Matcher found = Pattern.compile(key + ": \"?([^\",}]+)").matcher(kubeconfig);
    assertThat(found.find()).as(key).isTrue();
    return found.group(1);
  }

  private static void assertRefused(String token) throws IOException {
    JsonNode status = review(token);
    assertThat(status.at("/authenticated").asBoolean()).isFalse();
    assertThat(status.at("/error").asText()).isNotEmpty();
  }

  private static JsonNode review(String token) throws IOException {
    return cluster.post(REVIEWS, "{\"spec\": {\"token\": \"" + token + "\"}}").get("status");
  }

  private static String extra(JsonNode status, String name) {
    return status.at("/user/extra/authentication.kubernetes.io~1" + name + "/0").asText();
  }

  private static String boundToken(String pod) throws IOException {
    return cluster.token("shop", "cart", pod, List.of(), TEN_MINUTES);
  }

  private static String unboundToken() throws IOException {
    return cluster.token("shop", "cart", null, List.of(), TEN_MINUTES);
  }
}
