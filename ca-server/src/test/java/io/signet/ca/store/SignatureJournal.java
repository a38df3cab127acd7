package io.signet.ca.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;

/** Every signature over a certificate, written down by whoever made it, whatever becomes of it. */
final class SignatureJournal implements AutoCloseable {

  private static final HexFormat HEX = HexFormat.of();

  private final FileChannel file;

  private SignatureJournal(FileChannel file) {
    this.file = file;
  }

  /** Continues the one in this file. */
  static SignatureJournal open(Path file) throws IOException {
    return new SignatureJournal(
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
  }

  /** Returns when it is on the disk. */
  synchronized void add(byte[] tbs, byte[] signature) {
    ByteBuffer bytes = ByteBuffer.wrap((line(tbs, signature) + "\n").getBytes(US_ASCII));
    try {
      while (bytes.hasRemaining()) {
        int _ = file.write(bytes);
      }
      file.force(true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What was signed, as certificates, in order. */
  static List<X509Certificate> read(Path file) throws IOException {
    return Files.readAllLines(file, US_ASCII).stream().map(SignatureJournal::certificate).toList();
  }

  /** A certificate in one line, to be read by {@link #certificate}. */
  static String line(byte[] tbs, byte[] signature) {
    return HEX.formatHex(tbs) + " " + HEX.formatHex(signature);
  }

  static X509Certificate certificate(String line) {
    String[] parts = line.split(" ", 2);
    return CertificateBuilder.assemble(
        HEX.parseHex(parts[0]), KeyAlgorithm.EC_P256, HEX.parseHex(parts[1]));
  }

  /** ISS-2: released or not, and the root's own. */
  static void assertIntended(List<X509Certificate> signatures, IssuanceLedger ledger)
      throws LedgerException, CertificateEncodingException {
    for (X509Certificate each : signatures) {
      byte[] tbs = each.getTBSCertificate();
      assertThat(ledger.find(SerialNumber.of(each)))
          .as("serial number %s", SerialNumber.of(each))
          .hasValueSatisfying(entry -> assertThat(entry.intent().tbs()).isEqualTo(tbs));
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
