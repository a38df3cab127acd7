package io.signet.e2e.bench;

import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The bundle of another trust domain, in a file that grows by a root now and then. */
final class ForeignBundle {

  static final TrustDomain DOMAIN = new TrustDomain("other.example");

  private static final Duration LIFE = Duration.ofDays(1);

  private final Path file;
  private final List<X509Certificate> roots = new ArrayList<>();

  private ForeignBundle(Path file) {
    this.file = file;
  }

  /** With one root. */
  static ForeignBundle create(Path file) throws IOException {
    ForeignBundle bundle = new ForeignBundle(file);
    bundle.addRoot();
    return bundle;
  }

  /** Puts a file in the place of the one before that holds one more; nobody sees half of it. */
  void addRoot() throws IOException {
    roots.add(root(roots.size() + 1));
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, Pem.encode(roots));
    Path _ = Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static X509Certificate root(int number) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return selfSigned(generator.generateKeyPair(), number);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK knows no P-256", e);
    }
  }

  private static X509Certificate selfSigned(KeyPair key, int number)
      throws GeneralSecurityException {
    Instant now = Instant.now();
    CertificateTemplate template =
        CertificateProfile.root(DOMAIN, key.getPublic(), now, now.plus(LIFE));
    SerialNumber serial = new SerialNumber(BigInteger.valueOf(number));
    byte[] tbs = CertificateBuilder.selfSignedTbs(template, serial, KeyAlgorithm.EC_P256);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key.getPrivate());
    signature.update(tbs);
    return CertificateBuilder.assemble(tbs, KeyAlgorithm.EC_P256, signature.sign());
  }

  Path file() {
    return file;
  }

  int roots() {
    return roots.size();
  }
}
