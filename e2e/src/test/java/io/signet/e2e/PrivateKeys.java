package io.signet.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Finds files that hold a private key, wherever in them. */
final class PrivateKeys {
  private static final List<String> MARKS =
      List.of(
          "SIGNETKY", // our envelopes
          "PRIVATE KEY-----", // PEM of any kind
          // DER. PKCS#8 (RFC 5208): version 0, then id-ecPublicKey or rsaEncryption.
          "\2\1\0\60\23\6\7\52\206\110\316\75\2\1",
          "\2\1\0\60\15\6\11\52\206\110\206\367\15\1\1\1",
          // An EC key by itself (RFC 5915), on P-256: version 1, then 32 bytes.
          "\2\1\1\4\40",
          // An RSA key by itself (RFC 8017), of 2048 bits: version 0, then 257 bytes.
          "\2\1\0\2\202\1\1\0");

  private PrivateKeys() {}

  static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).filter(PrivateKeys::isMarked).toList();
    }
  }

  private static boolean isMarked(Path file) {
    try {
      String content = Files.readString(file, ISO_8859_1);
      return MARKS.stream().anyMatch(content::contains);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
