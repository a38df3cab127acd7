package io.signet.ca.tls;

import io.signet.attestation.x509.Certified;
import io.signet.attestation.x509.Certified.Shape;
import io.signet.spiffe.X509Svid;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;

/** Certificates for tests, from an authority made on the spot. */
public record TestCertificates(
    X509Certificate certificate, KeyPair keys, List<X509Certificate> above) {
  private static final Duration LONG = Duration.ofDays(1);

  public static TestCertificates root(String name) {
    return of(Certified.root(shape(name, true, List.of(), LONG)));
  }

  public TestCertificates intermediate(String name) {
    return below(name, true, List.of(), LONG);
  }

  /** A TLS server certificate for localhost and 127.0.0.1. */
  public TestCertificates server() {
    return below(
        "server",
        false,
        List.of(
            new GeneralName(GeneralName.dNSName, "localhost"),
            new GeneralName(GeneralName.iPAddress, "127.0.0.1")),
        LONG);
  }

  public TestCertificates workload(String spiffeId) {
    return workload(spiffeId, LONG);
  }

  /** With a lifetime that is negative for one that has expired. */
  public TestCertificates workload(String spiffeId, Duration lifetime) {
    var id = new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId);
    return below("", false, List.of(id), lifetime);
  }

  /** The certificate, then those above it, without the root. */
  public List<X509Certificate> chain() {
    return new Certified(certificate, keys, above).chain();
  }

  public ServingCertificate serving() {
    return new ServingCertificate(chain(), keys.getPrivate());
  }

  public X509Svid svid() {
    return X509Svid.of(chain());
  }

  /** Trusts whatever is below this one. */
  public TrustManager trust() {
    try {
      var store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry("root", certificate);
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      return trust.getTrustManagers()[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private TestCertificates below(
      String name, boolean ca, List<GeneralName> names, Duration lifetime) {
    return of(new Certified(certificate, keys, above).sign(shape(name, ca, names, lifetime)));
  }

  private static TestCertificates of(Certified made) {
    return new TestCertificates(made.certificate(), made.keys(), made.above());
  }

  private static Shape shape(String name, boolean ca, List<GeneralName> names, Duration lifetime) {
    int usage = ca ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature;
    Instant now = Instant.now();
    Instant begin =
        lifetime.isNegative() ? now.plus(lifetime.multipliedBy(2)) : now.minusSeconds(60);
    return new Shape(name, names, ca, usage, List.of(), begin, now.plus(lifetime));
  }
}
