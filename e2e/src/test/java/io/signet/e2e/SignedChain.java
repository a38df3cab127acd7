package io.signet.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Collectors;

/** A reply of the CSR endpoint: the leaf, each intermediate by itself, and last all roots. */
record SignedChain(List<String> elements) {

  SignedChain {
    elements = List.copyOf(elements);
  }

  /** All certificates of a PEM text. */
  static List<X509Certificate> parse(String pem) {
    try {
      var in = new ByteArrayInputStream(pem.getBytes(US_ASCII));
      return CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
          .map(X509Certificate.class::cast)
          .toList();
    } catch (CertificateException e) {
      throw new AssertionError(pem, e);
    }
  }

  X509Certificate leaf() {
    return parse(elements.getFirst()).getFirst();
  }

  /** The elements between the leaf and the roots. */
  List<String> intermediates() {
    return elements.subList(1, elements.size() - 1);
  }

  String roots() {
    return elements.getLast();
  }

  /** The URI names of the leaf. */
  List<String> uris() {
    try {
      return leaf().getSubjectAlternativeNames().stream()
          .filter(name -> name.getFirst().equals(6))
          .map(name -> (String) name.getLast())
          .toList();
    } catch (CertificateException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Writes {@code leaf.pem}, {@code intermediates.pem}, {@code roots.pem} and {@code chain.pem}.
   */
  void writeTo(Path folder) {
    String between = intermediates().stream().collect(Collectors.joining());
    try {
      Files.writeString(folder.resolve("leaf.pem"), elements.getFirst());
      Files.writeString(folder.resolve("intermediates.pem"), between);
      Files.writeString(folder.resolve("chain.pem"), elements.getFirst() + between);
      Files.writeString(folder.resolve("roots.pem"), roots());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
