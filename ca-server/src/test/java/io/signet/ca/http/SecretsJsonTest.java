package io.signet.ca.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SecretsJsonTest {

  // Of what may be of any type the parser takes known types only, so it must not get to see it.
  @Test
  void request_whatMayBeOfAnyType_inErrorDetailOnly() {
    Set<String> holders = new HashSet<>();
    for (FieldDescriptor field : DiscoveryRequest.getDescriptor().getFields()) {
      if (field.getJavaType() == JavaType.MESSAGE
          && holdsAny(field.getMessageType(), new HashSet<>())) {
        holders.add(field.getName());
      }
    }

    assertThat(holders).containsExactly("error_detail");
  }

  private static boolean holdsAny(Descriptor type, Set<Descriptor> seen) {
    return type.equals(Any.getDescriptor())
        || (seen.add(type)
            && type.getFields().stream()
                .filter(field -> field.getJavaType() == JavaType.MESSAGE)
                .anyMatch(field -> holdsAny(field.getMessageType(), seen)));
  }

  // NAME-7: the other form of a bundle has an Any of its own within.
  @Test
  void response_bundleForTheSpiffeValidator_written() throws Exception {
    var validator =
        TypedExtensionConfig.newBuilder()
            .setName("envoy.tls.cert_validator.spiffe")
            .setTypedConfig(Any.pack(SPIFFECertValidatorConfig.getDefaultInstance()));
    var secret =
        Secret.newBuilder()
            .setName("ROOTCA")
            .setValidationContext(
                CertificateValidationContext.newBuilder().setCustomValidatorConfig(validator));

    assertThat(
            SecretsJson.response(
                DiscoveryResponse.newBuilder().addResources(Any.pack(secret.build())).build()))
        .contains("\"typedConfig\":{\"@type\":\"type.googleapis.com/envoy.extensions.")
        .contains("SPIFFECertValidatorConfig\"");
  }
}
