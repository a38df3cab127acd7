package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.signing.CrlSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.ca.x509.CrlTemplate.Entry;
import io.signet.ca.x509.RevocationReason;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store of CRLs does. */
public abstract class CrlStoreContract {

  private final CertificateSigner signer =
      new CertificateSigner(new FakeLedger(), Fixtures.serials(), new TestClock());
  private Authority root;
  private Authority issuing;

  /** Empty, and the same at each call. */
  protected abstract CrlStore store();

  @BeforeEach
  void authorities() throws Exception {
    FakeKeyCustodian custodian = new FakeKeyCustodian();
    root = Fixtures.root(signer, custodian, KeyAlgorithm.EC_P256);
    issuing = Fixtures.issuing(signer, custodian, root);
  }

  @Test
  void find_unknown_empty() throws Exception {
    assertThat(store().find(AuthorityId.of(root.certificate()))).isEmpty();
    assertThat(store().heads(NOW)).isEmpty();
  }

  @Test
  void keep_firstOfEach_found() throws Exception {
    Crl ofRoot = crl(root, 1, 0);
    Crl ofIssuing = crl(issuing, 1, 3);

    assertThat(store().keep(ofRoot)).isTrue();
    assertThat(store().keep(ofIssuing)).isTrue();

    assertThat(store().find(ofRoot.authority())).contains(ofRoot);
    assertThat(store().find(ofIssuing.authority())).contains(ofIssuing);
    assertThat(store().heads(NOW)).containsExactlyInAnyOrder(ofRoot.head(), ofIssuing.head());
  }

  @Test
  void keep_next_insteadOfTheFirst() throws Exception {
    assertThat(store().keep(crl(root, 1, 3))).isTrue();
    Crl next = crl(root, 2, 1);

    assertThat(store().keep(next)).isTrue();

    assertThat(store().find(next.authority())).contains(next);
    assertThat(store().heads(NOW)).containsExactly(next.head());
  }

  // The number never goes back.
  @Test
  void keep_sameNumberOrLower_refusedAndNothingChanged() throws Exception {
    Crl newest = crl(root, 2, 1);
    assertThat(store().keep(newest)).isTrue();

    assertThat(store().keep(crl(root, 2, 5))).isFalse();
    assertThat(store().keep(crl(root, 1, 5))).isFalse();

    assertThat(store().find(newest.authority())).contains(newest);
  }

  // More than the embedded database holds in one value.
  @Test
  void keep_hugeCrl_found() throws Exception {
    Crl huge = crl(root, 1, 40_000);
    assertThat(huge.der()).hasSizeGreaterThan(1024 * 1024);

    assertThat(store().keep(huge)).isTrue();

    assertThat(store().find(huge.authority()).orElseThrow().der()).isEqualTo(huge.der());
    assertThat(store().keep(crl(root, 2, 1))).isTrue();
    assertThat(store().find(huge.authority()).orElseThrow().entries()).isOne();
  }

  @Test
  void heads_authorityEnded_left() throws Exception {
    Crl crl = crl(issuing, 1, 0);
    assertThat(store().keep(crl)).isTrue();

    assertThat(store().heads(crl.end().minusSeconds(1))).hasSize(1);
    assertThat(store().heads(crl.end())).isEmpty();
  }

  @Test
  void prune_authorityEnded_forgotten() throws Exception {
    Crl ofIssuing = crl(issuing, 1, 2);
    assertThat(store().keep(crl(root, 1, 0))).isTrue();
    assertThat(store().keep(ofIssuing)).isTrue();

    assertThat(store().prune(ofIssuing.end().plusSeconds(1))).isOne();

    assertThat(store().find(ofIssuing.authority())).isEmpty();
    assertThat(store().find(AuthorityId.of(root.certificate()))).isPresent();
  }

  // Two replicas that both lead for a moment.
  @Test
  void keep_sameNumberByMany_oneIsKept() throws Exception {
    for (long number : LongStream.rangeClosed(1, 5).toArray()) {
      Crl one = crl(root, number, 1);
      Crl other = crl(root, number, 2);
      long kept = 0;
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Callable<Boolean>> both = List.of(() -> store().keep(one), () -> store().keep(other));
        for (var each : threads.invokeAll(both)) {
          kept += each.get() ? 1 : 0;
        }
      }

      assertThat(kept).isOne();
      assertThat(store().find(one.authority()).orElseThrow().head().number()).isEqualTo(number);
    }
  }

  private static Crl crl(Authority by, long number, int entries) throws Exception {
    Instant next = NOW.plus(Duration.ofDays(1));
    List<Entry> revoked =
        IntStream.range(0, entries)
            .mapToObj(each ->
                new Entry(
                    new SerialNumber(BigInteger.ONE.shiftLeft(150).add(BigInteger.valueOf(each))),
                    NOW,
                    RevocationReason.SUPERSEDED))
            .toList();
    return new Crl(
        AuthorityId.of(by.certificate()),
        by.certificate(),
        by.notAfter(),
        CrlSigner.sign(by, number, NOW, next, revoked));
  }
}
