package io.signet.e2e.bench.jmh;

import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CrlSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.CustodyException;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Certificates that are revoked, with serial numbers as a server draws them. */
@State(Scope.Benchmark)
public class Revoked {

  private static final int MOST = 10_000;
  private static final Instant BEGIN = Instant.parse("2026-11-23T12:00:00Z");

  private final List<Entry> entries =
      IntStream.range(0, MOST)
          .mapToObj(_ -> new Entry(Issuer.serial(), BEGIN, RevocationReason.KEY_COMPROMISE))
          .toList();

  X509CRL crl(Authority by, int revoked) throws CustodyException, SelfCheckException {
    return CrlSigner.sign(
        by, 1, BEGIN, BEGIN.plus(Duration.ofDays(7)), entries.subList(0, revoked));
  }
}
