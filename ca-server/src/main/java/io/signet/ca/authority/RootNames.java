package io.signet.ca.authority;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The names in an authority's certificate. */
final class RootNames {

  private static final int URI = 6;

  private RootNames() {}

  static Optional<String> uri(X509Certificate certificate) {
    try {
      return Stream.ofNullable(certificate.getSubjectAlternativeNames())
          .flatMap(names -> names.stream())
          .filter(name -> name.getFirst().equals(URI))
          .map(RootNames::value)
          .findFirst();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
  }

  private static String value(List<?> name) {
    return String.valueOf(name.get(1));
  }
}
