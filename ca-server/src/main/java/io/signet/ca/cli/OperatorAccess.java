package io.signet.ca.cli;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.signet.ca.cli.Connection.ClientCertificate;
import io.signet.ca.config.SecretPlace;
import io.signet.spiffe.SecretAccess;
import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * How a command comes to the operator plane: whom it trusts there, and who it shows itself as.
 *
 * @param tls empty: as the JDK does it, without a certificate of the client
 * @param token of an administrator; sent with acts only
 */
record OperatorAccess(Optional<SSLContext> tls, Optional<SecretBytes> token) {

  /** Without anything that tells who asks. */
  static final OperatorAccess ANYBODY = new OperatorAccess(Optional.empty(), Optional.empty());

  /** The same with the token of this file, which is closed to group and others. */
  OperatorAccess withToken(Path file) throws IOException {
    SecretBytes read = SecretPlace.inPrivateFile(file).read();
    requirePrintable(file, read);
    return new OperatorAccess(tls, Optional.of(read));
  }

  // What no header can hold would be told by the exception that refuses it.
  private static void requirePrintable(Path file, SecretBytes token) throws IOException {
    byte[] bytes = token.reveal(SecretAccess.grant());
    boolean printable = true;
    for (byte each : bytes) {
      printable &= each > ' ' && each < 127;
    }
    Arrays.fill(bytes, (byte) 0);
    if (!printable) {
      throw new IOException(file + ": not a token (expected: printable characters on one line)");
    }
  }

  /**
   * Over TLS in this way.
   *
   * @param roots whom to trust, as PEM; empty: whom the JDK trusts
   * @param certificate to show
   * @throws IOException if one of the files cannot be read, or is not what it should be
   */
  static OperatorAccess tls(Optional<Path> roots, Optional<ClientCertificate> certificate)
      throws IOException {
    var builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
    if (roots.isPresent()) {
      var _ = builder.trustManager(certificates(roots.get()));
    }
    if (certificate.isPresent()) {
      show(builder, certificate.get());
    }
    var context = ((JdkSslContext) builder.build()).context();
    return new OperatorAccess(Optional.of(context), Optional.empty());
  }

  private static void show(SslContextBuilder builder, ClientCertificate shown) throws IOException {
    var _ = certificates(shown.certificate()); // or what is wrong with the file goes untold
    try {
      var _ = builder.keyManager(shown.certificate().toFile(), shown.key().toFile());
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "%s: not the key of %s (expected: PKCS#8 as PEM)"
              .formatted(shown.key(), shown.certificate()),
          e);
    }
  }

  private static X509Certificate[] certificates(Path file) throws IOException {
    return LocalFiles.certificates(file).toArray(X509Certificate[]::new);
  }

  /** Has a request show who asks. */
  void authorize(HttpRequest.Builder request) {
    if (token.isPresent()) {
      byte[] shown = token.get().reveal(SecretAccess.grant());
      var _ =
          request.header("authorization", "Bearer " + new String(shown, StandardCharsets.US_ASCII));
      Arrays.fill(shown, (byte) 0);
    }
  }
}
