package io.signet.hsm.vault;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.Permits;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A CA in the PKI engine of Vault or OpenBao, which signs the certificate of an authority of ours
 * (VPKI-1). It carries the request there and the answer back, and <b>judges neither</b>: the engine
 * may give a certificate that outlives its issuer, a shorter life than was asked for, or one for
 * another key, so the caller checks public key, chain, path length and end (VPKI-2).
 *
 * <p>The policy of the token needs {@code update} on {@code MOUNT/root/sign-intermediate}, or on
 * {@code MOUNT/issuer/REF/sign-intermediate}, and nothing else (VPKI-4).
 *
 * <p>Safe for use by many threads; at most {@link VaultSettings#permits()} requests are under way.
 */
public final class VaultPki implements AutoCloseable {

  private static final int QUEUE_PER_PERMIT = 4;
  private static final Pattern ISSUER = Pattern.compile("\\w[\\w.-]*");
  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\\s*");
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private final VaultSettings settings;
  private final String path;
  private final Session session;
  private final Permits permits;

  private VaultPki(VaultSettings settings, String path, Session session) {
    this.settings = settings;
    this.path = path;
    this.session = session;
    this.permits =
        new Permits(
            settings.where(),
            settings.permits(),
            settings.permits() * QUEUE_PER_PERMIT,
            settings.deadline(),
            CustodianListener.NONE);
  }

  /**
   * Finds a node that can be used, and logs in. Whether the issuer is there shows the first
   * request.
   *
   * @param settings the mount is that of the PKI engine
   * @param issuerRef name or id of an issuer of the mount; absent: its default
   * @throws CustodyException {@link Fault#LOST} when no node can be reached, {@link Fault#BUSY}
   *     when all are sealed or the like, {@link Fault#DENIED} when the login is refused, a file for
   *     it is missing, or no node can be trusted by its certificate: it was tried once
   */
  public static VaultPki open(VaultSettings settings, Optional<String> issuerRef, Clock clock)
      throws CustodyException {
    String path = path(settings, issuerRef);
    return new VaultPki(settings, path, Session.open(settings, CustodianListener.NONE, clock));
  }

  /** Its token is looked after by nobody. */
  static VaultPki open(VaultSettings settings, Optional<String> issuerRef, Timing timing)
      throws CustodyException {
    String path = path(settings, issuerRef);
    return new VaultPki(settings, path, Session.open(settings, CustodianListener.NONE, timing));
  }

  private static String path(VaultSettings settings, Optional<String> issuerRef) {
    issuerRef.ifPresent(VaultPki::requireIssuer);
    String signer = issuerRef.map(ref -> "issuer/" + ref).orElse("root");
    return settings.mount() + "/" + signer + "/sign-intermediate";
  }

  private static void requireIssuer(String ref) {
    if (!ISSUER.matcher(ref).matches()) {
      throw new IllegalArgumentException(
          "issuer: " + ref + " (expected: a name or id such as default)");
    }
  }

  /**
   * Has an intermediate signed that itself signs leaves only. Of the request the engine takes the
   * key; name, SAN and extensions are those given here, whatever the request asks for.
   *
   * <p>Not repeated when it is not known what a first try did, for each try that counts makes a
   * certificate; to ask again does no harm but that.
   *
   * @param csrDer PKCS#10
   * @param uriSan the trust domain, {@code spiffe://td}
   * @param ttl in whole seconds, from 1; the engine may shorten it
   * @return the new certificate, then what else the engine sends, from its issuer upwards, each
   *     once; unchecked
   * @throws CustodyException {@link Fault#REJECTED} when the engine does not sign this, or the
   *     mount or the issuer is not there; {@link Fault#LOST} also when the answer is no certificate
   */
  public List<X509Certificate> signIntermediate(
      byte[] csrDer, String commonName, String uriSan, Duration ttl) throws CustodyException {
    if (ttl.toSeconds() < 1) { // which would mean the engine's default
      throw new IllegalArgumentException("ttl: " + ttl + " (expected: >= 1 s)");
    }
    session.requireOpen();
    Deadline deadline = Deadline.in(settings.deadline());
    Call call = Call.writeOnce(path, request(csrDer, commonName, uriSan, ttl));
    Answer answer = permits.with(() -> session.done(call, deadline));
    return certificates(answer.data());
  }

  private static Map<String, Object> request(
      byte[] csrDer, String commonName, String uriSan, Duration ttl) {
    return Map.of(
        "csr",
        pem(csrDer),
        "use_csr_values",
        false, // with it, common_name and uri_sans are ignored without a word
        "common_name",
        commonName,
        "exclude_cn_from_sans",
        true, // a name that looks like a host would become a DNS name
        "uri_sans",
        List.of(uriSan),
        "max_path_length",
        0,
        "ttl",
        ttl.toSeconds() + "s",
        "format",
        "pem");
  }

  private static String pem(byte[] csrDer) {
    return "-----BEGIN CERTIFICATE REQUEST-----\n"
        + LINES.encodeToString(csrDer)
        + "\n-----END CERTIFICATE REQUEST-----\n";
  }

  // The chain begins with the certificate itself, or with its issuer, by version; a server that
  // knows of no chain names the issuer only.
  private List<X509Certificate> certificates(Fields data) throws CustodyException {
    SequencedSet<X509Certificate> all = new LinkedHashSet<>();
    all.add(certificate(data.text("certificate").orElse("")));
    for (String each : data.texts("ca_chain")) {
      all.add(certificate(each));
    }
    if (all.size() == 1 && data.text("issuing_ca").isPresent()) {
      all.add(certificate(data.text("issuing_ca").get()));
    }
    return List.copyOf(all);
  }

  private X509Certificate certificate(String pem) throws CustodyException {
    if (!CERTIFICATE.matcher(pem.strip()).matches()) {
      throw noCertificate(null);
    }
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(pem.getBytes(US_ASCII)));
    } catch (CertificateException e) {
      throw noCertificate(e);
    }
  }

  private CustodyException noCertificate(@Nullable Exception cause) {
    return new CustodyException(
        Fault.LOST,
        settings.where() + ": " + path + ": the answer is no certificate in PEM",
        cause);
  }

  /** Also ends the token, if a login has made it. */
  @Override
  public void close() {
    session.close();
  }

  @Override
  public String toString() {
    return "VaultPki[" + path + " of " + settings.addresses().getFirst() + "]";
  }
}
