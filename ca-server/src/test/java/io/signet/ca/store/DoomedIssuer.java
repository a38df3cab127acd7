package io.signet.ca.store;

import io.signet.ca.issuance.Step;
import io.signet.spiffe.SerialNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that issues to several callers until it is killed, while some of them are between two
 * steps and the others go on.
 */
final class DoomedIssuer implements IssuingServer.Watcher {

  /** Where in docs/issuance.md those are that do not go on. */
  enum Moment {
    /** 4 to 5. */
    BEFORE_INTENT,
    /** 5 to 6. */
    BEFORE_SIGNATURE,
    /** Within 6: the signature exists, and only the custodian has it. */
    SIGNED,
    /** 6 to 7. */
    BEFORE_RESULT,
    /** 7 to 8. */
    BEFORE_ANSWER
  }

  /**
   * What a killed one has told.
   *
   * @param caught the serial numbers of those that did not go on
   * @param released the certificates that were answered
   */
  record Left(List<SerialNumber> caught, List<X509Certificate> released) {}

  static final int CALLERS = 4;
  static final int CAUGHT = 2;

  // Before and while they are caught, so that commits are of different sizes and space is reused.
  private static final int ISSUED_BEFORE = 50;
  private static final int ISSUED_MEANWHILE = 10;

  private static final String CAUGHT_LINE = "caught ";
  private static final String RELEASED_LINE = "released ";

  // What the thread that issues has drawn.
  private static final ThreadLocal<SerialNumber> SERIAL = new ThreadLocal<>();

  private final Moment moment;
  private final AtomicInteger released = new AtomicInteger();
  private final AtomicInteger arrived = new AtomicInteger();

  private DoomedIssuer(Moment moment) {
    this.moment = moment;
  }

  /** Runs one on this folder and kills it as {@code kill -9} does. */
  static Left killed(Path folder, Moment moment) throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    try (OtherProcess process =
        OtherProcess.running(DoomedIssuer.class, folder.toString(), moment.name())) {
      while (rest(lines, CAUGHT_LINE).size() < CAUGHT) {
        lines.add(process.read());
      }
      lines.addAll(process.read(ISSUED_MEANWHILE));
      lines.addAll(process.kill());
    }
    return new Left(
        rest(lines, CAUGHT_LINE).stream().map(SerialNumber::parse).toList(),
        rest(lines, RELEASED_LINE).stream().map(SignatureJournal::certificate).toList());
  }

  private static List<String> rest(List<String> lines, String start) {
    return lines.stream()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()))
        .toList();
  }

  /** In the other process. */
  public static void main(String[] arguments) throws Exception {
    var issuer = new DoomedIssuer(Moment.valueOf(arguments[1]));
    Path folder = Path.of(arguments[0]);
    IssuingServer server = IssuingServer.open(folder, folder, issuer);
    for (int i = 0; i < CALLERS; i++) {
      var _ = Thread.ofPlatform().start(() -> issuer.issueForEver(server));
    }
  }

  private void issueForEver(IssuingServer server) {
    while (true) {
      X509Certificate leaf = server.issue();
      pass(Moment.BEFORE_ANSWER);
      release(leaf);
    }
  }

  private void release(X509Certificate leaf) {
    try {
      OtherProcess.print(
          RELEASED_LINE + SignatureJournal.line(leaf.getTBSCertificate(), leaf.getSignature()));
    } catch (CertificateEncodingException e) {
      throw new AssertionError(e);
    }
    int _ = released.incrementAndGet();
  }

  @Override
  public void begin(Step step) {
    switch (step) {
      case ATTEST, WAIT, AUTHORIZE, PREPARE -> {}
      case INTEND -> pass(Moment.BEFORE_INTENT);
      case SIGN -> pass(Moment.BEFORE_SIGNATURE);
      case RECORD -> pass(Moment.BEFORE_RESULT);
    }
  }

  @Override
  public void drawn(SerialNumber drawn) {
    SERIAL.set(drawn);
  }

  @Override
  public void signed() {
    pass(Moment.SIGNED);
  }

  private void pass(Moment now) {
    if (now == moment && released.get() >= ISSUED_BEFORE && arrived.getAndIncrement() < CAUGHT) {
      OtherProcess.print(CAUGHT_LINE + SERIAL.get());
      while (true) {
        LockSupport.park();
      }
    }
  }
}
