package io.signet.e2e.bench.jmh;

import io.signet.attestation.Attestation;
import io.signet.attestation.Attestor;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence;
import io.signet.attestation.Proof;
import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.RateLimit;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Database;
import io.signet.ca.store.EmbeddedDatabase;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.SqlIssuanceLedger;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.CsrException;
import io.signet.ca.x509.CsrParser;
import io.signet.e2e.bench.CsrPool;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.MemoryKeyCustodian;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The parts of a server that issue, wired as the server wires them, with nobody to attest. */
@State(Scope.Benchmark)
public class Issuer {

  private static final SpiffeId ID =
      SpiffeId.of(new TrustDomain("example.org"), "ns", "bench", "sa", "steps");
  private static final String REASON =
      "no rule is for %s, so it may hold its own identity, asked by %s".formatted(ID, ID);
  private static final Duration LIFETIME = Duration.ofHours(1);
  private static final int PREFIX = 1;
  // Counted as in a server, and never reached.
  private static final RateLimit UNREACHED = new RateLimit(1_000_000, 1_000_000);
  private static final int CONCURRENT = 64;
  private static final Call CALL = new Waiting("", "127.0.0.1", false);

  private record Waiting(String id, String address, boolean isOver) implements Call {}

  private static final Clock CLOCK = Clock.systemUTC();
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path folder;
  private final Database database;
  private final MemoryKeyCustodian custodian = new MemoryKeyCustodian();

  final SqlIssuanceLedger ledger;
  final CertificateSigner signer;
  final Authority authority;
  final IssueSvid issuance;
  final KeyHandle anyKey;
  final byte[] csr;
  final byte[] tbs;
  private final PublicKey key;

  /** Called by JMH in the process that measures. */
  public Issuer() {
    FastCrypto.install();
    try {
      folder = Files.createTempDirectory("signet-steps-");
      database = EmbeddedDatabase.open(folder);
      ledger = new SqlIssuanceLedger(database);
      signer = new CertificateSigner(ledger, Issuer::serial, CLOCK);
      Authorities authorities = authorities(database, custodian, signer);
      authority = authorities.active().authority();
      issuance =
          new IssueSvid(
              new Attestors(List.of(new Believer())),
              (_, _) -> Attestation.invalid("nobody may impersonate"),
              () -> new Entitlements(ID.trustDomain(), LIFETIME, LIFETIME, List.of()),
              authorities,
              signer,
              new Limits(
                  Optional.of(UNREACHED),
                  Optional.of(UNREACHED),
                  OptionalInt.of(CONCURRENT),
                  System::nanoTime),
              Steps.unwatched(),
              CLOCK);
      anyKey = custodian.generate(new KeyLabel("any"), KeyAlgorithm.EC_P256);
      csr = CsrPool.make(ID, KeyAlgorithm.EC_P256, 1).get(0).getBytes(StandardCharsets.US_ASCII);
      key = CsrParser.parse(csr).publicKey();
      tbs =
          CertificateBuilder.tbs(
              template(key), serial(), authority.certificate(), authority.algorithm());
    } catch (AuthorityException
        | CsrException
        | CustodyException
        | IOException
        | LedgerException
        | SelfCheckException e) {
      throw new IllegalStateException("the parts cannot be put together", e);
    }
  }

  private static Authorities authorities(
      Database database, KeyCustodian custodian, CertificateSigner signer)
      throws AuthorityException, CustodyException, LedgerException, SelfCheckException {
    AuthorityPolicy policy =
        new AuthorityPolicy(
            ID.trustDomain(),
            KeyAlgorithm.EC_P256,
            Optional.of(Duration.ofDays(365)),
            Duration.ofDays(7),
            false,
            List.of());
    return Authorities.open(
        new SqlAuthorityStore(database), custodian, custodian, signer, policy, CLOCK);
  }

  static SerialNumber serial() {
    return SerialNumber.draw(PREFIX, CLOCK.instant(), RANDOM);
  }

  CertificateTemplate template() {
    return template(key);
  }

  private static CertificateTemplate template(PublicKey key) {
    Instant now = CLOCK.instant();
    return CertificateProfile.leaf(ID, List.of(), key, now, now.plus(LIFETIME));
  }

  Intent intent() {
    Instant now = CLOCK.instant();
    byte[] issuer = {1};
    return new Intent(serial(), ID, "leaf", REASON, issuer, tbs, now.plus(LIFETIME), now);
  }

  IssuanceRequest request() {
    return new IssuanceRequest(
        CALL, List.of(new Evidence.BearerToken("", "")), csr, Optional.of(LIFETIME));
  }

  /** Believes everybody, so that a step measures no attestation. */
  private static final class Believer implements Attestor {
    @Override
    public String name() {
      return "believer";
    }

    @Override
    public Attestation attest(Evidence evidence) {
      return new Attestation.Proven(new Proof.LocalUser(ID, 0, 0));
    }
  }

  /** Called by JMH when it has measured. */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    ledger.close();
    database.close();
    custodian.close();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(Issuer::delete);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
