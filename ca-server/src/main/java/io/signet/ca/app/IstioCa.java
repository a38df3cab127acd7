package io.signet.ca.app;

import io.signet.ca.config.IstioSecret;
import io.signet.ca.x509.KeyPem;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The CA of an Istio, as its secrets {@code cacerts} (K8S-49, 50) and {@code istio-ca-secret}
 * (K8S-53) hold it.
 *
 * @param key the CA's, in the memory of this process
 * @param certificates the CA's own first, then what else is given of its chain
 * @param roots whom its mesh trusts
 */
record IstioCa(KeyPair key, List<X509Certificate> certificates, List<X509Certificate> roots) {

  private static final String REVOKED = "ca-crl.pem";

  /** The names in one form of secret; those of the chain and the roots may be missing. */
  private record Names(String certificate, String key, String chain, String roots) {}

  private static final List<Names> FORMS =
      List.of(
          new Names("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"),
          new Names("tls.crt", "tls.key", "tls.crt", "ca.crt"));

  /**
   * Reads a folder with the files of a secret, or a secret as YAML or JSON.
   *
   * @throws IOException when something is missing or malformed (K8S-51); it names what
   */
  static IstioCa read(Path path) throws IOException {
    Map<String, byte[]> entries = Files.isDirectory(path) ? files(path) : secret(path);
    try {
      return of(path, entries);
    } finally {
      entries.values().forEach(bytes -> Arrays.fill(bytes, (byte) 0));
    }
  }

  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> entries = new HashMap<>();
    for (String name :
        Stream.concat(Stream.of(REVOKED), FORMS.stream().flatMap(IstioCa::names)).toList()) {
      if (Files.exists(folder.resolve(name))) {
        entries.put(name, Files.readAllBytes(folder.resolve(name)));
      }
    }
    return entries;
  }

  private static Stream<String> names(Names form) {
    return Stream.of(form.certificate(), form.key(), form.chain(), form.roots());
  }

  private static Map<String, byte[]> secret(Path file) throws IOException {
    try {
      return IstioSecret.data(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static IstioCa of(Path path, Map<String, byte[]> entries) throws IOException {
    Names form =
        FORMS.stream()
            .filter(names -> entries.containsKey(names.certificate()))
            .findFirst()
            .orElseThrow(() ->
                new IOException(
                    "%s: neither ca-cert.pem nor tls.crt (expected: cacerts or istio-ca-secret)"
                        .formatted(path)));
    if (entries.containsKey(REVOKED)) {
      throw new IOException(
          path
              + ": ca-crl.pem (expected: none; a CRL cannot be taken over, revoke there and remove"
              + " it once what it names has expired)");
    }
    List<X509Certificate> own = certificates(path, form.certificate(), entries);
    List<X509Certificate> chain = certificates(path, form.chain(), entries);
    List<X509Certificate> roots = certificates(path, form.roots(), entries);
    if (own.isEmpty()) {
      throw new IOException("%s: %s: empty (expected: the CA)".formatted(path, form.certificate()));
    }
    return new IstioCa(
        new KeyPair(own.getFirst().getPublicKey(), key(path, form.key(), entries)),
        Stream.concat(own.stream(), chain.stream()).distinct().toList(),
        roots.isEmpty() ? selfSigned(path, form, own.getFirst()) : roots);
  }

  // istio-ca-secret has no other root than the CA itself.
  private static List<X509Certificate> selfSigned(Path path, Names form, X509Certificate ca)
      throws IOException {
    if (!ca.getIssuerX500Principal().equals(ca.getSubjectX500Principal())) {
      throw new IOException(
          "%s: no %s (expected: the root above \"%s\")"
              .formatted(path, form.roots(), ca.getSubjectX500Principal()));
    }
    return List.of(ca);
  }

  private static List<X509Certificate> certificates(
      Path path, String name, Map<String, byte[]> entries) throws IOException {
    byte[] pem = Optional.ofNullable(entries.get(name)).orElse(new byte[0]);
    try {
      return Pem.certificates(new String(pem, StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s: %s".formatted(path, name, e.getMessage()), e);
    }
  }

  private static PrivateKey key(Path path, String name, Map<String, byte[]> entries)
      throws IOException {
    byte[] pkcs8 = new byte[0];
    try {
      pkcs8 = KeyPem.pkcs8(Optional.ofNullable(entries.get(name)).orElse(new byte[0]));
      return privateKey(pkcs8);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s: %s".formatted(path, name, e.getMessage()));
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  private static PrivateKey privateKey(byte[] pkcs8) {
    for (String family : List.of("EC", "RSA")) {
      try {
        return KeyFactory.getInstance(family).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException anotherFamily) {
        // the next one, or none of them
      }
    }
    throw new IllegalArgumentException("a key of another kind (expected: EC or RSA)");
  }

  @Override
  public String toString() {
    return "IstioCa" + certificates;
  }
}
