package io.signet.sds.envoy;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig.TrustDomain;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.signet.sds.Secret;
import io.signet.sds.TrustAnchors;
import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import java.nio.charset.StandardCharsets;
import java.security.cert.CRLException;
import java.security.cert.X509CRL;
import java.util.Arrays;
import java.util.Base64;

/**
 * Secrets as Envoy reads them (FLD-1 to FLD-7). The only place of delivery that reveals private
 * keys: the messages it makes print them, so they go to the transport and nowhere else.
 * Thread-safe.
 */
final class SecretEncoder {
  static final String TYPE_URL =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  private static final String TYPE_URL_PREFIX = "type.googleapis.com";
  private static final String SPIFFE_VALIDATOR = "envoy.tls.cert_validator.spiffe";
  private static final int MOST_CONTEXTS = 1_000;
  private static final int LINE = 64;
  private static final byte[] NEWLINE = {'\n'};
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(LINE, NEWLINE);
  private static final ByteString BEGIN = ByteString.copyFromUtf8("-----BEGIN PRIVATE KEY-----\n");
  private static final ByteString END = ByteString.copyFromUtf8("\n-----END PRIVATE KEY-----\n");

  // A new bundle goes to every stream at once.
  private final Cache<Named, Any> contexts =
      CacheBuilder.newBuilder().maximumSize(MOST_CONTEXTS).build();

  private record Named(String name, String version) {}

  /**
   * @throws IllegalStateException if the private key was destroyed
   */
  Any encode(String name, Secret secret) {
    return switch (secret) {
      case Secret.TlsCertificate certificate ->
          pack(named(name).setTlsCertificate(encode(certificate)));
      case Secret.ValidationContext context ->
          contexts
              .asMap()
              .computeIfAbsent(
                  new Named(name, context.version()),
                  _ -> pack(named(name).setValidationContext(encode(context))));
      case Secret.SessionTicketKeys tickets ->
          pack(named(name).setSessionTicketKeys(encode(tickets)));
    };
  }

  private static io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret.Builder named(
      String name) {
    return io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret.newBuilder()
        .setName(name);
  }

  private static Any pack(
      io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret.Builder secret) {
    return Any.pack(secret.build(), TYPE_URL_PREFIX);
  }

  private static TlsCertificate encode(Secret.TlsCertificate certificate) {
    var encoded =
        TlsCertificate.newBuilder()
            .setCertificateChain(inline(ascii(certificate.svid().toPem())))
            .setPrivateKey(inline(pem(certificate.privateKey())));
    certificate
        .ocspStaple()
        .ifPresent(staple -> encoded.setOcspStaple(inline(ByteString.copyFrom(staple))));
    return encoded.build();
  }

  private static CertificateValidationContext encode(Secret.ValidationContext context) {
    var encoded = CertificateValidationContext.newBuilder();
    if (context.isolated()) {
      encoded.setCustomValidatorConfig(validator(context));
    } else {
      TrustAnchors anchors = context.anchors().getFirst();
      encoded.setTrustedCa(inline(ascii(anchors.bundle().toPem())));
      if (!anchors.crls().isEmpty()) {
        encoded.setCrl(inline(crls(anchors)));
      }
    }
    context.peers().forEach(peer -> encoded.addMatchTypedSubjectAltNames(exactly(peer)));
    return encoded.build();
  }

  private static TypedExtensionConfig validator(Secret.ValidationContext context) {
    var config = SPIFFECertValidatorConfig.newBuilder();
    for (TrustAnchors anchors : context.anchors()) {
      config.addTrustDomains(
          TrustDomain.newBuilder()
              .setName(anchors.bundle().trustDomain().name())
              .setTrustBundle(inline(ascii(anchors.bundle().toPem()))));
    }
    return TypedExtensionConfig.newBuilder()
        .setName(SPIFFE_VALIDATOR)
        .setTypedConfig(Any.pack(config.build(), TYPE_URL_PREFIX))
        .build();
  }

  private static SubjectAltNameMatcher exactly(SpiffeId peer) {
    return SubjectAltNameMatcher.newBuilder()
        .setSanType(SubjectAltNameMatcher.SanType.URI)
        .setMatcher(StringMatcher.newBuilder().setExact(peer.toString()))
        .build();
  }

  private static ByteString crls(TrustAnchors anchors) {
    var pem = new StringBuilder();
    anchors.crls().forEach(crl -> pem.append(pem(crl)));
    return ascii(pem.toString());
  }

  private static String pem(X509CRL crl) {
    try {
      return "-----BEGIN X509 CRL-----\n%s\n-----END X509 CRL-----\n"
          .formatted(LINES.encodeToString(crl.getEncoded()));
    } catch (CRLException e) {
      throw new IllegalArgumentException("CRL: cannot be encoded", e);
    }
  }

  private static TlsSessionTicketKeys encode(Secret.SessionTicketKeys tickets) {
    var encoded = TlsSessionTicketKeys.newBuilder();
    tickets.keys().forEach(key -> encoded.addKeys(inline(revealed(key))));
    return encoded.build();
  }

  private static ByteString revealed(SecretBytes key) {
    byte[] bytes = key.reveal(SecretAccess.grant());
    try {
      return ByteString.copyFrom(bytes);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  // Not through a String, which nobody could wipe; what goes to the transport nobody can.
  private static ByteString pem(SecretBytes pkcs8) {
    byte[] der = pkcs8.reveal(SecretAccess.grant());
    byte[] lines = LINES.encode(der);
    try {
      return BEGIN.concat(ByteString.copyFrom(lines)).concat(END);
    } finally {
      Arrays.fill(der, (byte) 0);
      Arrays.fill(lines, (byte) 0);
    }
  }

  private static DataSource inline(ByteString bytes) {
    return DataSource.newBuilder().setInlineBytes(bytes).build();
  }

  private static ByteString ascii(String text) {
    return ByteString.copyFrom(text, StandardCharsets.US_ASCII);
  }
}
