package io.signet.e2e.peers;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The files of a cluster's own certificate authority, of its API server and of its administrator.
 */
record ClusterCredentials(Path folder) {
  // RSA as kubeadm has it: there are Kubernetes clients that cannot read an EC key in PKCS#8.
  private static final String NEW_CERTIFICATE = "req -x509 -nodes -days 2 -newkey rsa:2048";
  private static final String BY_CA =
      " -CA @ca.crt -CAkey @ca.key -addext basicConstraints=critical,CA:FALSE";
  private static final String STORE_PASSWORD = "loopback";

  static ClusterCredentials create(Path folder) throws IOException {
    var credentials = new ClusterCredentials(folder);
    credentials.certify("ca", "-subj /CN=e2e-ca -addext basicConstraints=critical,CA:TRUE");
    credentials.certify(
        "server", "-subj /CN=e2e-server -addext subjectAltName=IP:127.0.0.1" + BY_CA);
    credentials.certify("admin", "-subj /O=system:masters/CN=e2e-admin" + BY_CA);
    return credentials;
  }

  Path certificate(String name) {
    return folder.resolve(name + ".crt");
  }

  Path key(String name) {
    return folder.resolve(name + ".key");
  }

  /** Trusts the cluster's authority and shows the administrator's certificate. */
  SSLContext admin() throws IOException {
    try {
      return tls(adminKey().getKeyManagers());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** Trusts the cluster's authority and shows no certificate. */
  SSLContext anybody() throws IOException {
    try {
      return tls(new KeyManager[0]);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private SSLContext tls(KeyManager[] shown) throws IOException, GeneralSecurityException {
    var tls = SSLContext.getInstance("TLS");
    tls.init(shown, authority().getTrustManagers(), null);
    return tls;
  }

  /** A kubeconfig of the administrator. */
  String adminKubeconfig(String server) throws IOException {
    return kubeconfig(
        server,
        "{client-certificate-data: %s, client-key-data: %s}"
            .formatted(base64(certificate("admin")), base64(key("admin"))));
  }

  /** A kubeconfig of whom the token belongs to. */
  String tokenKubeconfig(String server, String token) throws IOException {
    return kubeconfig(server, "{token: %s}".formatted(token));
  }

  private String kubeconfig(String server, String user) throws IOException {
    return """
    apiVersion: v1
    kind: Config
    clusters:
    - name: e2e
      cluster: {server: "%s", certificate-authority-data: %s}
    users:
    - name: e2e
      user: %s
    contexts:
    - name: e2e
      context: {cluster: e2e, user: e2e}
    current-context: e2e
    """
        .formatted(server, base64(certificate("ca")), user);
  }

  private KeyManagerFactory adminKey() throws IOException, GeneralSecurityException {
    openssl(
        "pkcs12 -export -in @admin.crt -inkey @admin.key -out @admin.p12 -passout pass:"
            + STORE_PASSWORD);
    char[] password = STORE_PASSWORD.toCharArray();
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(KeyStore.getInstance(folder.resolve("admin.p12").toFile(), password), password);
    return keys;
  }

  private TrustManagerFactory authority() throws IOException, GeneralSecurityException {
    KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
    roots.load(null, null);
    try (InputStream pem = Files.newInputStream(certificate("ca"))) {
      var ca = CertificateFactory.getInstance("X.509").generateCertificate(pem);
      roots.setCertificateEntry("ca", ca);
    }
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(roots);
    return trust;
  }

  private void certify(String name, String options) throws IOException {
    openssl(NEW_CERTIFICATE + " -out @" + name + ".crt -keyout @" + name + ".key " + options);
  }

  /** The arguments are parted by blanks; a leading {@code @} stands for the folder. */
  private void openssl(String arguments) throws IOException {
    Openssl.run(
        Stream.of(arguments.split(" "))
            .map(a -> a.startsWith("@") ? folder.resolve(a.substring(1)).toString() : a)
            .toArray(String[]::new));
  }

  private static String base64(Path file) throws IOException {
    return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
  }
}
