package io.signet.ca.testing;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityPolicy;
import io.signet.ca.authority.FakeAuthorityStore;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.soft.ExportableKey;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.math.BigInteger;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** What most tests start from. */
public final class Fixtures {

  public static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  public static final TrustDomain DOMAIN = new TrustDomain("example.org");
  public static final SpiffeId CART = SpiffeId.parse("spiffe://example.org/ns/shop/sa/cart");
  public static final PublicKey KEY = ExportableKey.generate(KeyAlgorithm.EC_P256).publicKey();

  /** What {@code openssl req -new -subj /} makes of a P-256 key: nothing is asked for in it. */
  public static final byte[] CSR =
      Base64.getDecoder()
          .decode(
              "MIG7MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCxUD6HACp2BebLoX3RjhLiunoekWIVkPR6c"
                  + "e6lP9MVovfIeNlAuCKbtKAYfSzDarTY8lzWak8b+5Ud/vgr4KL2gADAKBggqhkjOPQQDAgNJADBG"
                  + "AiEAgOYbdMsefTzX+1NfIHnd90Xbv7aSnk1S1VedURxUWDICIQCENJ/GpO1nirbnVOqxY56oVNyf"
                  + "krUK3Gq+pxXFX+d62Q==");

  private Fixtures() {}

  /** Serial numbers 1, 2, 3 and so on. */
  public static Supplier<SerialNumber> serials() {
    AtomicLong last = new AtomicLong();
    return () -> new SerialNumber(BigInteger.valueOf(last.incrementAndGet()));
  }

  /** Of roots that live for ten years, and of issuing authorities that live so long. */
  public static AuthorityPolicy policy(Duration issuing) {
    return new AuthorityPolicy(
        DOMAIN,
        KeyAlgorithm.EC_P256,
        Optional.of(Duration.ofDays(3650)),
        issuing,
        false,
        List.of());
  }

  /** A new root and a new issuing authority, which forget themselves with the test. */
  public static Authorities authorities(CertificateSigner signer, Duration issuing, Clock clock)
      throws Exception {
    return Authorities.open(
        new FakeAuthorityStore(),
        new FakeKeyCustodian(),
        new FakeKeyCustodian(),
        signer,
        policy(issuing),
        clock);
  }

  /** A root that signed itself with a key of this custodian. */
  public static Authority root(
      CertificateSigner signer, FakeKeyCustodian custodian, KeyAlgorithm algorithm)
      throws Exception {
    KeyHandle key = custodian.generate(new KeyLabel("root"), algorithm);
    Instant end = NOW.plus(Duration.ofDays(3650));
    return new Authority(
        key,
        signer.issue(
            signer.prepareRoot(CertificateProfile.root(DOMAIN, key.publicKey(), NOW, end), key)));
  }

  /** An issuing authority under this root. */
  public static Authority issuing(
      CertificateSigner signer, FakeKeyCustodian custodian, Authority root) throws Exception {
    KeyHandle key = custodian.generate(new KeyLabel("issuing"), root.algorithm());
    Instant end = NOW.plus(Duration.ofDays(1));
    return new Authority(
        key,
        signer.issue(
            signer.prepare(
                CertificateProfile.ISSUING,
                CertificateProfile.issuing(DOMAIN, key.publicKey(), NOW, end),
                root)));
  }
}
