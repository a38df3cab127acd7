package io.signet.spiffe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** The certificates under {@code vectors/}; its README says what they are. */
final class Vectors {
  static final TrustDomain EXAMPLE = new TrustDomain("example.org");
  static final SpiffeId CART = SpiffeId.of(EXAMPLE, "ns", "shop", "sa", "cart");
  static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  private Vectors() {}

  static X509Certificate certificate(String name) {
    return Pem.certificates(pem(name)).getFirst();
  }

  static List<X509Certificate> chain(String... names) {
    return Stream.of(names).map(Vectors::certificate).toList();
  }

  static String pem(String name) {
    try (InputStream file = Vectors.class.getResourceAsStream("/vectors/" + name + ".pem")) {
      if (file == null) {
        throw new IllegalArgumentException("no vector " + name);
      }
      return new String(file.readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
