package io.signet.spiffe;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Textual encoding of keys and certificates (RFC 7468).
 *
 * <p>Text around the blocks is allowed, as CA files often carry comments. Anything that looks like
 * a boundary but is not part of a well-formed block is refused, so a damaged block is never
 * skipped. Messages never show what a block holds, for it may be a private key.
 */
public final class Pem {
  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String DASHES = "-----";
  private static final Pattern BLOCK =
      Pattern.compile(
          "^-----BEGIN ([^-\\r\\n]+)-----\\s([A-Za-z0-9+/=\\s]*+)-----END \\1-----[ \\t]*$",
          Pattern.MULTILINE);
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private Pem() {}

  /** One block with lines of 64 characters, ending in a newline. */
  public static String encode(String label, byte[] der) {
    String lines = LINES.encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
  }

  /** One block for each certificate, in order; each ends in a newline. */
  public static String encode(List<X509Certificate> certificates) {
    return certificates.stream()
        .map(certificate -> encode(CERTIFICATE, Certificates.der(certificate)))
        .collect(Collectors.joining());
  }

  /**
   * The certificates in the text, in order; none if the text is blank.
   *
   * @throws IllegalArgumentException if the text holds no block, a block of another label, or a
   *     malformed one
   */
  public static List<X509Certificate> certificates(String pem) {
    return blocks(CERTIFICATE, pem).stream().map(Certificates::parse).toList();
  }

  /**
   * The content of the only block in the text.
   *
   * @throws IllegalArgumentException if there is not exactly one block, or it is malformed or of
   *     another label
   */
  public static byte[] decode(String label, String pem) {
    List<byte[]> blocks = blocks(label, pem);
    if (blocks.size() != 1) {
      throw new IllegalArgumentException(
          "PEM: %d blocks (expected: exactly 1 of %s)".formatted(blocks.size(), label));
    }
    return blocks.getFirst();
  }

  private static List<byte[]> blocks(String label, String pem) {
    var blocks = new ArrayList<byte[]>();
    Matcher block = BLOCK.matcher(pem);
    int end = 0;
    while (block.find()) {
      requireNoBoundary(pem.substring(end, block.start()), end);
      requireLabel(label, block.group(1));
      blocks.add(content(label, block.group(2)));
      end = block.end();
    }
    requireNoBoundary(pem.substring(end), end);
    if (blocks.isEmpty() && !pem.isBlank()) {
      throw new IllegalArgumentException("PEM: no block (expected: %s)".formatted(label));
    }
    return blocks;
  }

  private static void requireNoBoundary(String between, int offset) {
    int boundary = between.indexOf(DASHES);
    if (boundary >= 0) {
      throw new IllegalArgumentException(
          "PEM: malformed block at offset %d (expected: BEGIN, base64, END of one label)"
              .formatted(offset + boundary));
    }
  }

  private static void requireLabel(String expected, String found) {
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "PEM: block %s (expected: %s)".formatted(Shown.text(found), expected));
    }
  }

  private static byte[] content(String label, String base64) {
    try {
      return Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("PEM: block %s: not base64".formatted(label), e);
    }
  }
}
