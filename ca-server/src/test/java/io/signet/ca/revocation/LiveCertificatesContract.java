package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.ledger.Intent;
import io.signet.ca.ledger.IssuanceLedger;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.revocation.LiveCertificates.Live;
import io.signet.ca.signing.CertificateSigner;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What is asked of every ledger before something is revoked. */
public abstract class LiveCertificatesContract {

  private static final Instant END = NOW.plusSeconds(3600);
  private static final SpiffeId OTHER = SpiffeId.parse("spiffe://example.org/ns/shop/sa/other");

  /** Empty, and the same at each call. */
  protected abstract IssuanceLedger ledger();

  /** What is in it. */
  protected abstract LiveCertificates live();

  // Also one of which nobody knows whether it was signed: it stays revocable (ISS-8).
  @Test
  void leavesOf_liveOfTheIdentity_allOfThem() throws Exception {
    record(1, CART, "leaf", 7, END, "for a test");
    ledger().intend(intent(2, CART, "leaf", 8, END, "for a test"));
    record(3, OTHER, "leaf", 7, END, "for a test");
    record(4, CART, "leaf", 7, NOW, "for a test");
    record(5, CART, "issuing", 7, END, "for a test");

    assertThat(live().leavesOf(CART, NOW))
        .containsExactlyInAnyOrder(
            new Live(serial(1), authority(7), CART, END),
            new Live(serial(2), authority(8), CART, END));
  }

  @Test
  void issuers_liveLeaves_theirIssuersOnce() throws Exception {
    record(1, CART, "leaf", 7, END, "for a test");
    record(2, OTHER, "leaf", 7, END, "for a test");
    record(3, OTHER, "leaf", 8, END, "for a test");
    record(4, CART, "leaf", 9, NOW, "for a test");
    record(5, DOMAIN.id(), "issuing", 10, END, CertificateSigner.OWN);
    ledger().intend(intent(6, CART, "leaf", 11, END, "for a test"));

    assertThat(live().issuers(NOW)).containsExactlyInAnyOrder(authority(7), authority(8));
  }

  @Test
  void givenAuthorities_ofOthers_thoseThatLive() throws Exception {
    record(1, DOMAIN.id(), "issuing", 7, END, CertificateSigner.OWN);
    record(2, DOMAIN.id(), "issuing", 7, END, "rule edge lets it, asked by x");
    record(3, DOMAIN.id(), "issuing", 7, NOW, "rule edge lets it, asked by x");
    record(4, CART, "leaf", 7, END, "rule edge lets it, asked by x");
    ledger().intend(intent(5, DOMAIN.id(), "issuing", 7, END, "rule edge lets it"));

    assertThat(live().givenAuthorities(NOW))
        .containsExactly(new Live(serial(2), authority(7), DOMAIN.id(), END));
  }

  @Test
  void authoritiesOf_ofTheCa_allThatLive() throws Exception {
    record(1, DOMAIN.id(), "issuing", 7, END, CertificateSigner.OWN);
    ledger().intend(intent(2, DOMAIN.id(), "issuing", 7, END, "rule edge lets it"));
    record(3, DOMAIN.id(), "issuing", 8, END, CertificateSigner.OWN);
    record(4, DOMAIN.id(), "issuing", 7, NOW, CertificateSigner.OWN);
    record(5, CART, "leaf", 7, END, "for a test");

    assertThat(live().authoritiesOf(authority(7), NOW))
        .containsExactlyInAnyOrder(
            new Live(serial(1), authority(7), DOMAIN.id(), END),
            new Live(serial(2), authority(7), DOMAIN.id(), END));
  }

  private void record(
      int serial, SpiffeId id, String profile, int issuer, Instant end, String reason)
      throws LedgerException {
    ledger().intend(intent(serial, id, profile, issuer, end, reason));
    ledger().issued(serial(serial), new byte[] {1});
  }

  private static Intent intent(
      int serial, SpiffeId id, String profile, int issuer, Instant end, String reason) {
    return new Intent(serial(serial), id, profile, reason, keyId(issuer), new byte[] {1}, end, NOW);
  }

  private static AuthorityId authority(int issuer) {
    return AuthorityId.of(keyId(issuer));
  }

  private static byte[] keyId(int issuer) {
    byte[] id = new byte[20];
    id[0] = (byte) issuer;
    return id;
  }

  private static SerialNumber serial(int value) {
    return new SerialNumber(BigInteger.valueOf(value));
  }
}
