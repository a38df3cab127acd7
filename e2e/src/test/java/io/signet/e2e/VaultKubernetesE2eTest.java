package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.KubeApiServer;
import io.signet.hsm.vault.Bao;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * VAUTH-1: a server proves itself to a real OpenBao by the token of its service account, which
 * OpenBao has reviewed by a real API server.
 */
@Tag("e2e")
final class VaultKubernetesE2eTest {
  private static final String NAMESPACE = "signet-system";
  private static final String ACCOUNT = "signet";
  private static final String AUDIENCE = "vault";
  private static final Pattern CA =
      Pattern.compile("certificate-authority-data: ([A-Za-z0-9+/=]+)");

  @TempDir private Path temporary;
  @AutoClose private RealCluster cluster;
  @AutoClose private Bao bao;
  private ServerFolder folder;

  @BeforeEach
  void configure() throws Exception {
    cluster = RealCluster.launch();
    bao = Bao.start(temporary.resolve("bao"));
    bao.mountTransit("signet");
    bao.writePolicy("signet", "signet");
    letIn();
    folder = ServerFolder.create(temporary.resolve("server"));
    folder.configure(
        """
        keys:
          custodian: vault
          vault:
            address: "%s"
            mount: signet
            auth: { method: kubernetes, role: signet, token-file: token }
        """
            .formatted(bao.address()));
  }

  private void letIn() throws Exception {
    bao.post("sys/auth/kubernetes", "{\"type\":\"kubernetes\"}");
    Map<String, Object> reviewer =
        Map.of(
            "kubernetes_host",
            server().address().toString(),
            "kubernetes_ca_cert",
            authority(),
            "token_reviewer_jwt",
            token(List.of()),
            "disable_local_ca_jwt",
            true);
    bao.post("auth/kubernetes/config", new ObjectMapper().writeValueAsString(reviewer));
    bao.post(
        "auth/kubernetes/role/signet",
        """
        {"bound_service_account_names": ["%s"], "bound_service_account_namespaces": ["%s"],
         "audience": "%s", "token_policies": ["signet"], "token_ttl": "1h"}
        """
            .formatted(ACCOUNT, NAMESPACE, AUDIENCE));
  }

  private String authority() throws IOException {
    Matcher data = CA.matcher(Files.readString(server().adminKubeconfig()));
    assertThat(data.find()).isTrue();
    return new String(Base64.getDecoder().decode(data.group(1)), StandardCharsets.US_ASCII);
  }

  @Test
  void serve_tokenForVault_signsByTransit() throws Exception {
    folder.secret("token", token(List.of(AUDIENCE)));

    try (var signet = SignetProcess.serve(folder.config());
        var client = CsrClient.unix(signet.socket())) {
      assertThat(client.sign(Csr.create(temporary)).intermediates()).hasSize(1);
    }
  }

  // A token for somebody else is refused, once, and what to check is said.
  @Test
  void serve_tokenForAnotherAudience_refusedWithWhatToCheck() throws Exception {
    folder.secret("token", token(List.of("elsewhere")));

    Command.Result served = SignetProcess.command("serve", "--config", folder.config().toString());

    assertThat(served.exit()).isEqualTo(1);
    assertThat(served.errors()).contains("auth/kubernetes/login", "403");
  }

  private String token(List<String> audiences) throws IOException {
    return server().token(NAMESPACE, ACCOUNT, null, audiences, Duration.ofMinutes(10));
  }

  private KubeApiServer server() {
    return cluster.server();
  }
}
