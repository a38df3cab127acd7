package io.signet.ca.ceremony;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceRecorder;
import io.signet.ca.ledger.LedgerException;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.HexFormat;

/**
 * What was done in a ceremony, for those who were not there: a text file, on the disk line by line
 * before what it speaks of is done. It is also the ledger of an offline root (ISS-2). For one
 * thread.
 */
public final class Transcript implements IssuanceRecorder, AutoCloseable {

  private final FileChannel file;
  private final Clock clock;

  private Transcript(FileChannel file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Begins a new one.
   *
   * @throws IOException when there is such a file already, or it cannot be written
   */
  public static Transcript begin(Path path, Clock clock) throws IOException {
    try {
      return new Transcript(
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), clock);
    } catch (FileAlreadyExistsException e) {
      throw new IOException(path + ": exists (expected: a new file for each ceremony)", e);
    }
  }

  /** Adds a paragraph under the time that it is. */
  void add(String text) throws LedgerException {
    byte[] paragraph =
        "[%s]%n%s%n%n".formatted(clock.instant(), text.strip()).getBytes(StandardCharsets.UTF_8);
    try {
      ByteBuffer left = ByteBuffer.wrap(paragraph);
      while (left.hasRemaining()) {
        var _ = file.write(left);
      }
      file.force(true);
    } catch (IOException e) {
      throw new LedgerException("the transcript cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public void intend(Intent intent) throws LedgerException {
    add(
        "Is about to sign: serial number %s, the bytes %s"
            .formatted(intent.serial(), HexFormat.of().formatHex(intent.tbs())));
  }

  @Override
  public void issued(SerialNumber serial, byte[] signature) throws LedgerException {
    add(
        "Has signed: serial number %s, the signature %s"
            .formatted(serial, HexFormat.of().formatHex(signature)));
  }

  @Override
  public void withdraw(SerialNumber serial) throws LedgerException {
    add("Does not sign: serial number " + serial);
  }

  @Override
  public void unreceived(SerialNumber serial) throws LedgerException {
    add("Has given to nobody: serial number " + serial);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
