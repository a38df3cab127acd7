package io.signet.sds.envoy;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.signet.sds.Secret;
import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Secrets as Envoy reads them (FLD-1, FLD-3). The only place of delivery that reveals private keys:
 * the messages it makes print them, so they go to the transport and nowhere else. Thread-safe.
 */
final class SecretEncoder {
  static final String TYPE_URL =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  private static final String TYPE_URL_PREFIX = "type.googleapis.com";
  private static final int MOST_BUNDLES = 1_000;
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});
  private static final ByteString BEGIN = ByteString.copyFromUtf8("-----BEGIN PRIVATE KEY-----\n");
  private static final ByteString END = ByteString.copyFromUtf8("\n-----END PRIVATE KEY-----\n");

  // A new bundle goes to every stream at once.
  private final Cache<String, ByteString> bundles =
      CacheBuilder.newBuilder().maximumSize(MOST_BUNDLES).build();

  /**
   * @throws IllegalStateException if the private key was destroyed
   */
  Any encode(String name, Secret secret) {
    var named =
        io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret.newBuilder().setName(name);
    switch (secret) {
      case Secret.TlsCertificate certificate -> named.setTlsCertificate(encode(certificate));
      case Secret.ValidationContext context -> named.setValidationContext(encode(context));
    }
    return Any.pack(named.build(), TYPE_URL_PREFIX);
  }

  private TlsCertificate encode(Secret.TlsCertificate certificate) {
    return TlsCertificate.newBuilder()
        .setCertificateChain(inline(ascii(certificate.svid().toPem())))
        .setPrivateKey(inline(pem(certificate.privateKey())))
        .build();
  }

  private CertificateValidationContext encode(Secret.ValidationContext context) {
    return CertificateValidationContext.newBuilder().setTrustedCa(inline(pem(context))).build();
  }

  private ByteString pem(Secret.ValidationContext context) {
    return bundles.asMap().computeIfAbsent(context.version(), _ -> ascii(context.bundle().toPem()));
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
