package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class ManifestTest {
  @Test
  void parse_severalObjects_eachHasItsPath() {
    String yaml =
        """
        # A comment, and no object.
        ---
        apiVersion: v1
        kind: Namespace
        metadata:
          name: signet-system
        --- # the next
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          labels:
            name: decoy

          name: "signet"
          namespace: signet-system
        subjects:
        - kind: ServiceAccount
          name: other
        ---
        kind: ConfigMap
        apiVersion: v1
        data: {}
        metadata:
          name: plain
        """;
    assertThat(Manifest.parse(yaml))
        .extracting(Manifest::path)
        .containsExactly(
            "/api/v1/namespaces/signet-system",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/signet-system/rolebindings/signet",
            "/api/v1/namespaces/default/configmaps/plain");
  }

  @Test
  void parse_unknownKind_refused() {
    String yaml = "apiVersion: v1\nkind: Gateway\nmetadata:\n  name: x\n";
    assertThatThrownBy(() -> Manifest.parse(yaml)).hasMessageContaining("kind: Gateway");
  }

  @Test
  void parse_flowStyle_refused() {
    String yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n";
    assertThatThrownBy(() -> Manifest.parse(yaml)).hasMessageContaining("no metadata");
  }
}
