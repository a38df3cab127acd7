package io.signet.e2e.bench.jmh;

import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.Draft;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateRequest;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Threads;

/**
 * The steps of an issuance. Those that compute give the time of one; those that wait for the disk
 * give how many are done in a second, for waiting callers share a commit.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class IssuanceSteps {

  private static final int MANY = 32;

  /** Reads a request and verifies its signature. */
  @Benchmark
  public CertificateRequest csr(Issuer issuer) throws CsrException {
    return CsrParser.parse(issuer.csr);
  }

  /** Writes down what is to be signed. */
  @Benchmark
  public byte[] tbs(Issuer issuer) {
    return CertificateBuilder.tbs(
        issuer.template(),
        Issuer.serial(),
        issuer.authority.certificate(),
        issuer.authority.algorithm());
  }

  /** The same with the lint; the difference is what the lint costs. */
  @Benchmark
  public Draft tbsAndLint(Issuer issuer) throws SelfCheckException {
    return issuer.signer.prepare(CertificateProfile.LEAF, issuer.template(), issuer.authority);
  }

  /** Signs, and verifies the signature. */
  @Benchmark
  public byte[] sign(Issuer issuer) throws CustodyException {
    return issuer.anyKey.sign(issuer.tbs);
  }

  /** Signs, verifies, and reads the certificate back. */
  @Benchmark
  public X509Certificate signAndReadBack(Issuer issuer) throws CustodyException {
    return CertificateBuilder.assemble(
        issuer.tbs, KeyAlgorithm.EC_P256, issuer.anyKey.sign(issuer.tbs));
  }

  /** Records intents, one caller. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void ledgerIntend1(Issuer issuer) throws LedgerException {
    issuer.ledger.intend(issuer.intent());
  }

  /** Records intents, many callers. */
  @Benchmark
  @Threads(MANY)
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void ledgerIntend32(Issuer issuer) throws LedgerException {
    issuer.ledger.intend(issuer.intent());
  }

  /** Records intents and results, many callers. */
  @Benchmark
  @Threads(MANY)
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void ledgerIntendAndIssued32(Issuer issuer) throws LedgerException {
    Intent intent = issuer.intent();
    issuer.ledger.intend(intent);
    issuer.ledger.issued(intent.serial(), issuer.tbs);
  }

  /** Records intents on PostgreSQL, one caller. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void postgresLedgerIntend1(Issuer issuer, PostgresLedger postgres) throws LedgerException {
    postgres.ledger.intend(issuer.intent());
  }

  /** Records intents on PostgreSQL, many callers. */
  @Benchmark
  @Threads(MANY)
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void postgresLedgerIntend32(Issuer issuer, PostgresLedger postgres)
      throws LedgerException {
    postgres.ledger.intend(issuer.intent());
  }

  /** Records intents and results on PostgreSQL, many callers. */
  @Benchmark
  @Threads(MANY)
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public void postgresLedgerIntendAndIssued32(Issuer issuer, PostgresLedger postgres)
      throws LedgerException {
    Intent intent = issuer.intent();
    postgres.ledger.intend(intent);
    postgres.ledger.issued(intent.serial(), issuer.tbs);
  }

  /** A whole issuance, one caller. */
  @Benchmark
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public IssuanceOutcome.Issued wholeIssuance1(Issuer issuer) {
    return issued(issuer);
  }

  /** A whole issuance, many callers. */
  @Benchmark
  @Threads(MANY)
  @BenchmarkMode(Mode.Throughput)
  @OutputTimeUnit(TimeUnit.SECONDS)
  public IssuanceOutcome.Issued wholeIssuance32(Issuer issuer) {
    return issued(issuer);
  }

  // A refusal would be fast, and no measure of anything.
  private static IssuanceOutcome.Issued issued(Issuer issuer) {
    return (IssuanceOutcome.Issued) issuer.issuance.issue(issuer.request());
  }

  /** Signs a CRL that names 10 certificates, reads it back and verifies it. */
  @Benchmark
  public X509CRL crl10(Issuer issuer, Revoked revoked) throws CustodyException, SelfCheckException {
    return revoked.crl(issuer.authority, 10);
  }

  /** The same of 1,000. */
  @Benchmark
  public X509CRL crl1000(Issuer issuer, Revoked revoked)
      throws CustodyException, SelfCheckException {
    return revoked.crl(issuer.authority, 1_000);
  }

  /** The same of 10,000. */
  @Benchmark
  public X509CRL crl10000(Issuer issuer, Revoked revoked)
      throws CustodyException, SelfCheckException {
    return revoked.crl(issuer.authority, 10_000);
  }
}
