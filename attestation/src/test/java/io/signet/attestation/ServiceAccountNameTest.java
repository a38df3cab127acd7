package io.signet.attestation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceAccountNameTest {

  @Test
  void parse_userNameOfAnAccount_itsNames() {
    assertThat(ServiceAccountName.parse("system:serviceaccount:istio-system:ztunnel"))
        .isEqualTo(new ServiceAccountName("istio-system", "ztunnel"));
  }

  // K8S-6: exactly four parts.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "system:serviceaccount:ns",
        "system:serviceaccount:ns:sa:x",
        "system:serviceaccount:ns:",
        "system:serviceaccount::sa",
        "system:node:n:sa",
        "system:anonymous",
        "SYSTEM:serviceaccount:ns:sa",
        " system:serviceaccount:ns:sa"
      })
  void parse_anythingElse_refused(String username) {
    assertThatThrownBy(() -> ServiceAccountName.parse(username))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected:");
  }

  // Kubernetes, "Object Names and IDs": RFC 1123 label names and subdomain names.
  @ParameterizedTest
  @CsvSource({"a,b", "0,0", "a-b,a.b", "kube-system,a-1.b-2.c", "x--y,x--y"})
  void new_namesAsKubernetesAllows_accepted(String namespace, String name) {
    assertThat(new ServiceAccountName(namespace, name).namespace()).isEqualTo(namespace);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a-", "A", "a.b", "a_b", "a/b", "a b", "é", "a\n"})
  void new_namespaceNoLabel_refused(String namespace) {
    assertThatThrownBy(() -> new ServiceAccountName(namespace, "sa"))
        .hasMessageStartingWith("namespace: ")
        .hasMessageContaining("DNS-1123 label");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".a", "a.", "a..b", "-a", "a-", "a.-b", "A", "a_b", "..", "a/b"})
  void new_nameNoSubdomain_refused(String name) {
    assertThatThrownBy(() -> new ServiceAccountName("ns", name))
        .hasMessageStartingWith("service account: ")
        .hasMessageContaining("DNS-1123 subdomain");
  }

  @Test
  void new_longestNames_acceptedAndOneMoreRefused() {
    assertThat(new ServiceAccountName("n".repeat(63), "s".repeat(253)).name()).hasSize(253);
    assertThatThrownBy(() -> new ServiceAccountName("n".repeat(64), "s"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ServiceAccountName("n", "s".repeat(254)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  // K8S-8, ISTIO-16
  @Test
  void in_trustDomain_istioIdentity() {
    assertThat(new ServiceAccountName("default", "web").in(new TrustDomain("cluster.local")))
        .isEqualTo(SpiffeId.parse("spiffe://cluster.local/ns/default/sa/web"));
  }

  // ISTIO-16
  @Test
  void of_identityOfAnAccount_itsNames() {
    assertThat(ServiceAccountName.of(SpiffeId.parse("spiffe://any/ns/default/sa/web.x")))
        .isEqualTo(new ServiceAccountName("default", "web.x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://td",
        "spiffe://td/ns/default/sa",
        "spiffe://td/ns/default/sa/web/x",
        "spiffe://td/x/ns/default/sa/web",
        "spiffe://td/sa/default/ns/web",
        "spiffe://td/ns/default/SA/web",
        "spiffe://td/ns/Default/sa/web",
        "spiffe://td/ns/default/sa/we_b"
      })
  void of_anyOtherIdentity_refused(String id) {
    assertThatThrownBy(() -> ServiceAccountName.of(SpiffeId.parse(id)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected:");
  }

  @Test
  void toString_parsedAgain_same() {
    var account = new ServiceAccountName("ns", "sa.x");
    assertThat(ServiceAccountName.parse(account.toString())).isEqualTo(account);
  }
}
