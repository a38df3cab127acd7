package io.signet.ca.grpc;

import static io.grpc.Metadata.ASCII_STRING_MARSHALLER;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.signet.attestation.Evidence;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.Evidence.ClientCertificate;
import java.io.ByteArrayInputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Collects what a caller shows of itself, for the handlers of the call; judges nothing. */
final class CallEvidence implements ServerInterceptor {
  private static final Context.Key<List<Evidence>> SHOWN =
      Context.keyWithDefault("signet-evidence", List.of());
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CLUSTER =
      Metadata.Key.of("clusterid", ASCII_STRING_MARSHALLER);
  private static final String BEARER = "Bearer ";
  private static final String SHOWN_CHAIN = "signet-shown-chain";

  /** What the caller of the current call showed; empty outside a call. */
  static List<Evidence> current() {
    return SHOWN.get();
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    Context context = Context.current().withValue(SHOWN, shown(headers, call.getAttributes()));
    return Contexts.interceptCall(context, call, headers, next);
  }

  private static List<Evidence> shown(Metadata headers, Attributes transport) {
    List<Evidence> shown = new ArrayList<>();
    bearer(headers).map(token -> new BearerToken(token, cluster(headers))).ifPresent(shown::add);
    certificate(transport.get(Grpc.TRANSPORT_ATTR_SSL_SESSION)).ifPresent(shown::add);
    Optional.ofNullable(transport.get(UnixSocketCredentials.PEER)).ifPresent(shown::add);
    return List.copyOf(shown);
  }

  // ISTIO-15: the first value with the prefix, exactly so spelled; others may come before it.
  private static Optional<String> bearer(Metadata headers) {
    for (String value : values(headers, AUTHORIZATION)) {
      if (value.startsWith(BEARER)) {
        String token = value.substring(BEARER.length()).stripTrailing();
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
      }
    }
    return Optional.empty();
  }

  // As istiod reads it: two values name no cluster.
  private static String cluster(Metadata headers) {
    List<String> values = new ArrayList<>();
    values(headers, CLUSTER).forEach(values::add);
    return values.size() == 1 ? values.getFirst() : "";
  }

  private static Iterable<String> values(Metadata headers, Metadata.Key<String> key) {
    Iterable<String> values = headers.getAll(key);
    return values == null ? List.of() : values;
  }

  /** What the caller's side of a handshake has shown. */
  private record Shown(Optional<Evidence> certificate) {}

  // Once for each connection: read strictly, for the library that did the handshake did not need
  // to; and always the same objects, by which attestors know again what they have judged. That
  // there is none is kept too: to ask for one again costs an exception.
  private static Optional<Evidence> certificate(@Nullable SSLSession session) {
    if (session == null) {
      return Optional.empty();
    }
    if (session.getValue(SHOWN_CHAIN) instanceof Shown known) {
      return known.certificate();
    }
    Shown shown = new Shown(chain(session).map(ClientCertificate::new));
    session.putValue(SHOWN_CHAIN, shown);
    return shown.certificate();
  }

  /** Empty too if one of them is no X.509 certificate. */
  private static Optional<List<X509Certificate>> chain(SSLSession session) {
    try {
      CertificateFactory x509 = CertificateFactory.getInstance("X.509");
      List<X509Certificate> chain = new ArrayList<>();
      for (Certificate each : session.getPeerCertificates()) {
        var bytes = new ByteArrayInputStream(each.getEncoded());
        chain.add((X509Certificate) x509.generateCertificate(bytes));
      }
      return Optional.of(chain);
    } catch (SSLPeerUnverifiedException | CertificateException showedNone) {
      return Optional.empty();
    }
  }
}
