package io.signet.ca.cli;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** A secret as SDS delivered it, understood. */
sealed interface ReceivedSecret {
  /** The name it was asked for by. */
  String name();

  /**
   * A certificate with its key.
   *
   * @param chain leaf first; at least one
   * @param chainPem the same, as it came
   * @param keyPem the private key, PKCS#8 as PEM; its bytes are in no message and no output
   */
  record Identity(String name, List<X509Certificate> chain, String chainPem, ByteString keyPem)
      implements ReceivedSecret {
    /** The certificate of the caller itself. */
    X509Certificate leaf() {
      return chain.getFirst();
    }

    /** The first URI in the certificate, which is its SPIFFE ID if it has one. */
    Optional<String> spiffeId() {
      try {
        Collection<List<?>> names = leaf().getSubjectAlternativeNames();
        return names == null
            ? Optional.empty()
            : names.stream()
                .filter(name -> URI_NAME.equals(name.getFirst()))
                .map(name -> String.valueOf(name.get(1)))
                .findFirst();
      } catch (CertificateParsingException e) {
        return Optional.empty();
      }
    }

    @Override
    public String toString() {
      return "Identity[" + name + "]";
    }
  }

  /**
   * What to trust.
   *
   * @param bundles one for each trust domain; at least one
   * @param peers the only identities that are accepted; none: all are
   */
  record Roots(String name, List<Bundle> bundles, List<String> peers) implements ReceivedSecret {}

  /**
   * The roots of one trust domain.
   *
   * @param trustDomain empty where the secret does not say
   * @param roots at least one
   * @param pem the same, as it came
   */
  record Bundle(String trustDomain, List<X509Certificate> roots, String pem) {}

  /** Keys for TLS session tickets, of which nothing but their number is told. */
  record Tickets(String name, int keys) implements ReceivedSecret {}

  /** GeneralName's tag for a URI (RFC 5280, 4.2.1.6). */
  Integer URI_NAME = 6;

  /** The type of the resources. */
  String TYPE_URL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  /**
   * Understands a resource of a response.
   *
   * @throws BadSecretException if a proxy could not use it
   */
  static ReceivedSecret of(Any resource) throws BadSecretException {
    Secret secret = unpacked(resource);
    return switch (secret.getTypeCase()) {
      case TLS_CERTIFICATE -> identity(secret);
      case VALIDATION_CONTEXT -> roots(secret);
      case SESSION_TICKET_KEYS ->
          new Tickets(secret.getName(), secret.getSessionTicketKeys().getKeysCount());
      default -> throw new BadSecretException(secret.getName() + ": " + secret.getTypeCase());
    };
  }

  private static Secret unpacked(Any resource) throws BadSecretException {
    if (!resource.getTypeUrl().equals(TYPE_URL)) {
      throw new BadSecretException("type " + resource.getTypeUrl());
    }
    try {
      return Secret.parseFrom(resource.getValue());
    } catch (InvalidProtocolBufferException e) {
      throw new BadSecretException("not a Secret", e);
    }
  }

  private static Identity identity(Secret secret) throws BadSecretException {
    var tls = secret.getTlsCertificate();
    String chain = text(secret, tls.getCertificateChain());
    String key = text(secret, tls.getPrivateKey());
    if (!key.contains("PRIVATE KEY-----")) {
      throw new BadSecretException(secret.getName() + ": no private key as PEM");
    }
    return new Identity(
        secret.getName(), certificates(secret, chain), chain, ByteString.copyFromUtf8(key));
  }

  private static Roots roots(Secret secret) throws BadSecretException {
    CertificateValidationContext context = secret.getValidationContext();
    List<Bundle> bundles =
        context.hasCustomValidatorConfig()
            ? byDomain(secret, context.getCustomValidatorConfig().getTypedConfig())
            : List.of(bundle(secret, "", context.getTrustedCa()));
    List<String> peers =
        context.getMatchTypedSubjectAltNamesList().stream()
            .map(names -> names.getMatcher().getExact())
            .toList();
    return new Roots(secret.getName(), bundles, peers);
  }

  private static List<Bundle> byDomain(Secret secret, Any config) throws BadSecretException {
    try {
      List<Bundle> bundles = new ArrayList<>();
      for (var domain : config.unpack(SPIFFECertValidatorConfig.class).getTrustDomainsList()) {
        bundles.add(bundle(secret, domain.getName(), domain.getTrustBundle()));
      }
      if (bundles.isEmpty()) {
        throw new BadSecretException(secret.getName() + ": no trust domain");
      }
      return bundles;
    } catch (InvalidProtocolBufferException e) {
      throw new BadSecretException(secret.getName() + ": not of the SPIFFE validator", e);
    }
  }

  private static Bundle bundle(Secret secret, String trustDomain, DataSource source)
      throws BadSecretException {
    String pem = text(secret, source);
    return new Bundle(trustDomain, certificates(secret, pem), pem);
  }

  private static String text(Secret secret, DataSource source) throws BadSecretException {
    return switch (source.getSpecifierCase()) {
      case INLINE_BYTES -> source.getInlineBytes().toStringUtf8();
      case INLINE_STRING -> source.getInlineString();
      default -> throw new BadSecretException(secret.getName() + ": not inline");
    };
  }

  private static List<X509Certificate> certificates(Secret secret, String pem)
      throws BadSecretException {
    try {
      List<X509Certificate> certificates = certificates(pem);
      if (certificates.isEmpty()) {
        throw new BadSecretException(secret.getName() + ": no certificate");
      }
      return certificates;
    } catch (CertificateException e) {
      throw new BadSecretException(secret.getName() + ": a certificate that does not parse", e);
    }
  }

  /** The certificates of a PEM text, in its order. */
  static List<X509Certificate> certificates(String pem) throws CertificateException {
    var bytes = new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8));
    return CertificateFactory.getInstance("X.509").generateCertificates(bytes).stream()
        .map(X509Certificate.class::cast)
        .toList();
  }

  /** A secret that is refused; the message goes back to the server. */
  final class BadSecretException extends Exception {
    private static final long serialVersionUID = 1L;

    BadSecretException(String message) {
      super(message);
    }

    BadSecretException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
