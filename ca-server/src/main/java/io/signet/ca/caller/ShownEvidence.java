package io.signet.ca.caller;

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
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What a caller shows of itself in the headers of its call and in TLS; judges nothing. */
public final class ShownEvidence {

  /** The header with the token. */
  public static final String AUTHORIZATION = "authorization";

  /** The header with the cluster that the token is of (ISTIO-11). */
  public static final String CLUSTER = "clusterid";

  private static final String BEARER = "Bearer ";
  private static final String SHOWN_CHAIN = "signet-shown-chain";

  private ShownEvidence() {}

  /**
   * The token, then the certificate, where there is one.
   *
   * @param authorization all values of {@link #AUTHORIZATION}, in order
   * @param cluster all values of {@link #CLUSTER}
   * @param tls of the connection; null where there is none
   */
  public static List<Evidence> of(
      List<String> authorization, List<String> cluster, @Nullable SSLSession tls) {
    Optional<Evidence> token =
        bearer(authorization).map(text -> new BearerToken(text, cluster(cluster)));
    return Stream.concat(token.stream(), certificate(tls).stream()).toList();
  }

  // ISTIO-15: the first value with the prefix, exactly so spelled; others may come before it.
  private static Optional<String> bearer(List<String> values) {
    for (String value : values) {
      if (value.startsWith(BEARER)) {
        String token = value.substring(BEARER.length()).stripTrailing();
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
      }
    }
    return Optional.empty();
  }

  // As istiod reads it: two values name no cluster.
  private static String cluster(List<String> values) {
    return values.size() == 1 ? values.getFirst() : "";
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
