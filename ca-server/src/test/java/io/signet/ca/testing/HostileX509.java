package io.signet.ca.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.hsm.FetchedPeers;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Requests, certificates and lists of revoked ones that others have made to break parsers (CORP-1):
 * the X.509 part of Debian's {@code python3-cryptography-vectors}.
 */
public final class HostileX509 {

  private static final Path ALL = FetchedPeers.path("hostile-x509/x509");

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN [A-Z0-9 ]+-----([^-]*)-----END [A-Z0-9 ]+-----");
  private static final String LABEL = "CERTIFICATE REQUEST";

  private HostileX509() {}

  /** The files below a folder of the corpus; without it a test is skipped, and on CI it fails. */
  public static List<Path> files(String folder) {
    try (Stream<Path> found = Files.walk(corpus().resolve(folder))) {
      return found.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One file, by its path in the corpus. */
  public static byte[] read(Path file) {
    try {
      return Files.readAllBytes(corpus().resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As it is; and if it can be read at all, its DER bare and as the PEM of a request. */
  public static List<byte[]> forms(byte[] file) {
    List<byte[]> forms = new ArrayList<>(List.of(file));
    Stream<byte[]> ders = file.length > 0 && file[0] == 0x30 ? Stream.of(file) : decoded(file);
    ders.forEach(der -> {
      forms.add(der);
      forms.add(Pem.encode(LABEL, der).getBytes(US_ASCII));
    });
    return forms;
  }

  private static Stream<byte[]> decoded(byte[] file) {
    return BLOCK
        .matcher(new String(file, ISO_8859_1))
        .results()
        .flatMap(block -> base64(block.group(1)).stream());
  }

  private static Optional<byte[]> base64(String body) {
    try {
      return Optional.of(Base64.getMimeDecoder().decode(body));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private static Path corpus() {
    return FetchedPeers.require(ALL);
  }
}
