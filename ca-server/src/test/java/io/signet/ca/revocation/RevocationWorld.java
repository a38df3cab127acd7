package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.KEY;

import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.rotation.Changes;
import io.signet.ca.signing.Authority;
import io.signet.ca.signing.CertificateProfile;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.TestClock;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A root, what it has signed, and one store of as many replicas as a test has. */
final class RevocationWorld {

  static final SpiffeId SERVER = SpiffeId.parse("spiffe://example.org/signet/server");

  final TestClock clock = new TestClock();
  final FakeLedger ledger = new FakeLedger();
  final FakeRevocations revocations = new FakeRevocations();
  final FakeCrlStore crls = new FakeCrlStore();
  final FakeLiveCertificates live = new FakeLiveCertificates(ledger);
  final FakeKeyCustodian custodian = new FakeKeyCustodian();
  final CertificateSigner signer = new CertificateSigner(ledger, Fixtures.serials(), clock);
  final AtomicInteger announced = new AtomicInteger();
  final List<Duration> pauses = new ArrayList<>();
  final Authority root;
  private int labels;

  RevocationWorld() throws Exception {
    this.root = Fixtures.root(signer, custodian, KeyAlgorithm.EC_P256);
  }

  /** A replica of this store. */
  final class Replica implements CrlSources {
    final List<Authority> issuing = new ArrayList<>();
    final List<Authority> cas = new ArrayList<>(List.of(root));
    final List<X509Certificate> roots = new ArrayList<>(List.of(root.certificate()));
    final CrlKeeper keeper;

    Replica(boolean leads) {
      keeper = new CrlKeeper(revocations, crls, live, () -> leads, changes(), pauses::add, clock);
    }

    /** Makes an issuing authority for this long, which takes over. */
    Authority renew(Duration life) throws Exception {
      Authority made = authority(cas.getFirst(), life);
      keeper.made(made, false);
      issuing.add(made);
      return made;
    }

    RevocationState look() throws Exception {
      return keeper.look(this);
    }

    Revoker revoker(Revoker.Listener listener) {
      return new Revoker(
          revocations,
          crls,
          live,
          ledger,
          SERVER,
          changes(),
          () -> keeper.look(this),
          listener,
          clock);
    }

    @Override
    public List<Authority> issuing() {
      return issuing;
    }

    @Override
    public List<Authority> cas() {
      return cas;
    }

    @Override
    public List<X509Certificate> roots() {
      return roots;
    }
  }

  private Changes changes() {
    return new Changes() {
      @Override
      public void announce() {
        announced.incrementAndGet();
      }

      @Override
      public Listening listen(Runnable onChange) {
        throw new UnsupportedOperationException("nobody here listens");
      }
    };
  }

  /** An issuing authority that signs nothing yet. */
  Authority authority(Duration life) throws Exception {
    return authority(root, life);
  }

  private Authority authority(Authority by, Duration life) throws Exception {
    KeyHandle key = custodian.generate(new KeyLabel("issuing-" + ++labels), KeyAlgorithm.EC_P256);
    return new Authority(
        key,
        signer.issue(
            signer.prepare(
                CertificateProfile.ISSUING,
                CertificateProfile.issuing(
                    Fixtures.DOMAIN, key.publicKey(), clock.instant(), clock.instant().plus(life)),
                by)));
  }

  /** A leaf of this identity. */
  X509Certificate leaf(Authority by, SpiffeId id, Duration life) throws Exception {
    return signer.issue(
        signer.prepare(
            CertificateProfile.LEAF,
            CertificateProfile.leaf(
                id, List.of(), KEY, clock.instant(), clock.instant().plus(life)),
            by));
  }
}
