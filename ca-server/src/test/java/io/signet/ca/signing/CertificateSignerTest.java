package io.signet.ca.signing;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.KEY;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.ledger.IssuanceLedger.Unfinished;
import io.signet.ca.ledger.LedgerEntry;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.ledger.SerialTakenException;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The order of issuance: nothing is signed that was not linted and recorded (ISS-2 to ISS-8). */
final class CertificateSignerTest {

  private static final CertificateTemplate TEMPLATE =
      CertificateProfile.leaf(CART, List.of(), KEY, NOW, NOW.plusSeconds(3600));

  private static final String REASON = "the caller may hold it";

  private final LedgerException full = new LedgerException("disk full");
  private final FakeKeyCustodian custodian = new FakeKeyCustodian();
  private final FakeLedger ledger = new FakeLedger();
  private final Deque<SerialNumber> drawn = new ArrayDeque<>();
  private final AtomicInteger last = new AtomicInteger();
  private final CertificateSigner signer =
      new CertificateSigner(ledger, this::draw, new TestClock());
  private Authority issuing;
  private int before;

  private SerialNumber draw() {
    return drawn.isEmpty() ? serial(last.incrementAndGet()) : drawn.pop();
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }

  @BeforeEach
  void authority() throws Exception {
    issuing =
        Fixtures.issuing(signer, custodian, Fixtures.root(signer, custodian, KeyAlgorithm.EC_P256));
    before = custodian.signatures();
  }

  // ISS-10: whatever a test did, no signature was ever made without its intent.
  @AfterEach
  void everySignature_hasItsIntent() {
    List<byte[]> intended = ledger.entries().stream().map(entry -> entry.intent().tbs()).toList();
    assertThat(custodian.signedMessages())
        .allMatch(message -> intended.stream().anyMatch(tbs -> Arrays.equals(tbs, message)));
  }

  @Test
  void issue_goodDraft_signedAndRecorded() throws Exception {
    X509Certificate leaf = signer.issue(prepared());

    leaf.verify(issuing.certificate().getPublicKey());
    LedgerEntry entry = ledger.find(SerialNumber.of(leaf)).orElseThrow();
    assertThat(entry.intent().tbs()).isEqualTo(leaf.getTBSCertificate()); // ISS-4, ISS-6
    assertThat(entry.intent().id()).isEqualTo(CART);
    assertThat(entry.intent().profile()).isEqualTo("leaf");
    assertThat(entry.intent().reason()).isEqualTo("this authority needs it itself");
    assertThat(entry.intent().notAfter()).isEqualTo(leaf.getNotAfter().toInstant());
    assertThat(entry.intent().at()).isEqualTo(NOW);
    assertThat(entry.signature()).hasValue(leaf.getSignature());
    assertThat(ledger.unfinished().count()).isZero();
  }

  // ISS-3
  @Test
  void prepare_finding_refusedBeforeIntentAndKey() {
    CertificateTemplate tooLong =
        CertificateProfile.leaf(CART, List.of(), KEY, NOW, NOW.plusSeconds(1_000_000));

    assertThatThrownBy(() -> signer.prepare(CertificateProfile.LEAF, tooLong, issuing))
        .isInstanceOf(SelfCheckException.class)
        .hasMessageContaining("lint of a leaf")
        .hasMessageContaining("beyond the issuer's");

    assertNothingSigned();
  }

  // ISS-2
  @Test
  void intend_ledgerFails_nothingSigned() throws Exception {
    Draft draft = prepared();
    ledger.failNextIntend(full);

    assertThatThrownBy(() -> signer.intend(draft, REASON)).isSameAs(full);

    assertNothingSigned();
  }

  // ISS-4: also when its serial number is drawn again.
  @Test
  void intend_reason_recorded() throws Exception {
    drawn.addAll(List.of(SerialNumber.of(issuing.certificate()), serial(9)));

    SigningTicket _ = signer.intend(prepared(), REASON);

    assertThat(ledger.find(serial(9)).orElseThrow().intent().reason()).isEqualTo(REASON);
  }

  // SER-2
  @Test
  void intend_serialTaken_anotherDrawnBeforeAnySignature() throws Exception {
    SerialNumber taken = SerialNumber.of(issuing.certificate());
    drawn.add(taken);
    Draft draft = prepared();

    SigningTicket ticket = signer.intend(draft, REASON);

    assertNothingSigned();
    assertThat(SerialNumber.of(signer.sign(ticket))).isNotEqualTo(taken).isEqualTo(serial(3));
  }

  // SER-2: a source of serial numbers that is stuck ends in a refusal and not in a loop.
  @Test
  void intend_serialTakenAgainAndAgain_refused() throws Exception {
    SerialNumber taken = SerialNumber.of(issuing.certificate());
    drawn.addAll(List.of(taken, taken, taken));
    Draft draft = prepared();

    assertThatThrownBy(() -> signer.intend(draft, REASON)).isInstanceOf(SerialTakenException.class);

    assertNothingSigned();
  }

  // ISS-5
  @Test
  void sign_ticketRedeemedTwice_oneSignature() throws Exception {
    SigningTicket ticket = signer.intend(prepared(), REASON);
    assertThat(signer.sign(ticket)).isNotNull();

    assertThatThrownBy(() -> signer.sign(ticket))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("already redeemed");

    assertThat(custodian.signatures()).isEqualTo(before + 1);
  }

  // ISS-5
  @Test
  void sign_ticketRedeemedByManyThreads_oneSignature() throws Exception {
    SigningTicket ticket = signer.intend(prepared(), REASON);
    CountDownLatch start = new CountDownLatch(1);
    Callable<Boolean> redeem =
        () -> {
          start.await();
          try {
            return signer.sign(ticket) != null;
          } catch (IllegalStateException redeemed) {
            return false;
          }
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var results = Stream.generate(() -> threads.submit(redeem)).limit(16).toList();
      start.countDown();
      int signed = 0;
      for (var result : results) {
        signed += result.get() ? 1 : 0;
      }
      assertThat(signed).isOne();
    }
    assertThat(custodian.signatures()).isEqualTo(before + 1);
  }

  // KC-1, ISS-8: it never leaves, and the intent says that a signature may exist.
  @Test
  void sign_signatureCorrupted_neverLeavesAndIntentUnfinished() throws Exception {
    SigningTicket ticket = signer.intend(prepared(), REASON);
    custodian.corruptNextSignature();

    assertThatThrownBy(() -> signer.sign(ticket))
        .isInstanceOfSatisfying(
            CustodyException.class, e -> assertThat(e.fault()).isEqualTo(Fault.BROKEN));

    assertThat(ledger.unfinished().count()).isOne();
  }

  // ISS-9: a ticket whose signature failed is used up all the same.
  @Test
  void sign_custodianFails_ticketIsUsedUp() throws Exception {
    SigningTicket ticket = signer.intend(prepared(), REASON);
    custodian.failNextSign(new CustodyException(Fault.LOST, "token removed"));

    assertThatThrownBy(() -> signer.sign(ticket)).isInstanceOf(CustodyException.class);
    assertThatThrownBy(() -> signer.sign(ticket)).isInstanceOf(IllegalStateException.class);

    assertNothingSigned();
    assertThat(ledger.unfinished().count()).isOne();
  }

  // ISS-6, PROF-7: what was signed is what its profile was held against, or it does not leave;
  // bytes
  // that come back in another form than they went in.
  @Test
  void sign_bytesDiffer_refused() throws Exception {
    Draft good = prepared();
    Draft other =
        new Draft(
            good.profile(),
            good.template(),
            good.serial(),
            good.key(),
            good.issuer(),
            nonMinimal(good.tbs()));
    SigningTicket ticket = signer.intend(other, REASON);

    assertThatThrownBy(() -> signer.sign(ticket))
        .isInstanceOf(SelfCheckException.class)
        .hasMessageContaining("not the bytes that were linted");

    assertThat(ledger.unfinished().count()).isOne();
  }

  // ISS-8
  @Test
  void issue_resultNotRecorded_notReleasedAndIntentUnfinished() throws Exception {
    Draft draft = prepared();
    ledger.failNextIssued(full);

    assertThatThrownBy(() -> signer.issue(draft)).isSameAs(full);

    assertThat(ledger.unfinished()).isEqualTo(new Unfinished(1, Optional.of(draft.serial())));
  }

  // KC-2, ISTIO-95: certificate and key do not match.
  @Test
  void authority_keyOfAnotherCertificate_cannotExist() throws Exception {
    var other = custodian.generate(new io.signet.hsm.KeyLabel("other"), KeyAlgorithm.EC_P256);

    assertThatThrownBy(() -> new Authority(other, issuing.certificate()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not the key of certificate");
  }

  private Draft prepared() throws SelfCheckException {
    return signer.prepare(CertificateProfile.LEAF, TEMPLATE, issuing);
  }

  private void assertNothingSigned() {
    assertThat(custodian.signatures()).isEqualTo(before);
  }

  private static byte[] nonMinimal(byte[] der) {
    byte[] longer = new byte[der.length + 1];
    longer[0] = der[0];
    longer[1] = (byte) 0x83;
    System.arraycopy(der, 2, longer, 3, der.length - 2);
    return longer;
  }
}
