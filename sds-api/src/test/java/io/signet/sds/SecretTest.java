package io.signet.sds;

import static io.signet.sds.Secrets.CART;
import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.bundle;
import static io.signet.sds.Secrets.svid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.TrustBundle;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SecretTest {

  @Test // SDS-4
  void version_equalContent_isEqual() {
    assertThat(svid(WEB, 1).version())
        .isEqualTo(svid(WEB, 1).version())
        .matches("[0-9a-f]{64}")
        .isNotEqualTo(svid(WEB, 2).version())
        .isNotEqualTo(svid(CART, 1).version());
  }

  @Test // SDS-4: only what a proxy receives counts; ISTIO-96: trust anchors in any order
  void version_sameAuthoritiesInOtherOrderAndSequence_isEqual() {
    TrustBundle turned = anchors(EXAMPLE, 2, 1).bundle();
    var other =
        new TrustBundle(EXAMPLE, 9, turned.authorities(), Optional.of(Duration.ofSeconds(5)));

    assertThat(ValidationContext.plain(new TrustAnchors(other), Set.of()).version())
        .isEqualTo(bundle(EXAMPLE, 1, 2).version());
  }

  @Test
  void version_authorityAdded_isAnother() {
    assertThat(bundle(EXAMPLE, 1, 2).version()).isNotEqualTo(bundle(EXAMPLE, 1).version());
  }

  @Test // SDS-7: never an empty secret
  void validationContext_noAuthority_refused() {
    assertThatThrownBy(() -> bundle(EXAMPLE)).hasMessageContaining("no authority");
  }

  @Test // SDS-5, SDS-7
  void tlsCertificate_emptyKey_refused() {
    assertThatThrownBy(
            () -> new TlsCertificate(svid(WEB, 1).svid(), SecretBytes.copyOf(new byte[0])))
        .hasMessageContaining("private key: 0 bytes");
  }

  @Test
  void toString_tlsCertificate_hidesTheKey() {
    TlsCertificate secret = svid(WEB, 1);

    assertThat(secret.toString()).contains(WEB.toString()).doesNotContain(Secrets.PRIVATE_KEY);
    assertThat(new Snapshot(List.of(secret), Trust.NONE).toString())
        .doesNotContain(Secrets.PRIVATE_KEY);
  }
}
