package io.signet.sds.envoy;

import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.WEB;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secret.ValidationContext;
import io.signet.sds.Secrets;
import io.signet.spiffe.Pem;
import org.junit.jupiter.api.Test;

class SecretEncoderTest {
  private final SecretEncoder encoder = new SecretEncoder();

  @Test // FLD-1
  void encode_tlsCertificate_isChainAndPkcs8AsPem() throws Exception {
    TlsCertificate svid = Secrets.svid(WEB, 1);

    Secret sent = unpack(encoder.encode("default", svid));

    assertThat(sent.getName()).isEqualTo("default");
    var certificate = sent.getTlsCertificate();
    assertThat(certificate.getCertificateChain().getInlineBytes().toString(US_ASCII))
        .isEqualTo(svid.svid().toPem());
    String key = certificate.getPrivateKey().getInlineBytes().toString(US_ASCII);
    assertThat(Pem.decode("PRIVATE KEY", key)).asString().isEqualTo(Secrets.PRIVATE_KEY);
  }

  @Test // FLD-3
  void encode_validationContext_isAllAuthoritiesAsPem() throws Exception {
    ValidationContext roots = Secrets.bundle(EXAMPLE, 1, 2);

    Secret sent = unpack(encoder.encode("ROOTCA", roots));

    assertThat(sent.getName()).isEqualTo("ROOTCA");
    String pem = sent.getValidationContext().getTrustedCa().getInlineBytes().toString(US_ASCII);
    assertThat(Pem.certificates(pem)).isEqualTo(roots.anchors().getFirst().bundle().authorities());
  }

  @Test // SDS-1
  void encode_anySecret_carriesTheTypeUrl() {
    assertThat(encoder.encode("ROOTCA", Secrets.bundle(EXAMPLE, 1)).getTypeUrl())
        .isEqualTo(SecretEncoder.TYPE_URL);
  }

  @Test // SDS-5
  void encode_destroyedKey_refused() {
    TlsCertificate svid = Secrets.svid(WEB, 1);
    svid.privateKey().destroy();

    assertThatThrownBy(() -> encoder.encode("default", svid))
        .isInstanceOf(IllegalStateException.class);
  }

  private static Secret unpack(Any resource) throws InvalidProtocolBufferException {
    return resource.unpack(Secret.class);
  }
}
