package io.signet.ca.app;

import io.signet.ca.app.Custodians.Absence;
import io.signet.ca.authority.UpstreamCa;
import io.signet.ca.cli.LocalFiles;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.hsm.CustodyException;
import io.signet.hsm.vault.VaultPki;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/** Opens the CA elsewhere that the configuration names. */
final class Upstreams {

  private Upstreams() {}

  /**
   * Opens it, which for Vault is a login, and for another Signet nothing yet.
   *
   * @param roots whom to trust
   * @param absence told why it cannot be opened yet; it is tried again afterwards
   */
  static UpstreamCa open(
      Root.Upstream root,
      List<X509Certificate> roots,
      TrustDomain domain,
      Clock clock,
      Absence absence)
      throws CustodyException {
    return switch (root) {
      case Root.InVault vault -> Custodians.awaited(() -> inVault(vault, domain, clock), absence);
      case Root.InSignet signet -> new UpstreamSignet(signet, roots);
    };
  }

  private static UpstreamCa inVault(Root.InVault vault, TrustDomain domain, Clock clock)
      throws CustodyException {
    VaultPki pki = VaultPki.open(Custodians.settings(vault.engine()), vault.issuer(), clock);
    return new UpstreamCa() {
      @Override
      public List<X509Certificate> certify(Wish wish) throws CustodyException {
        return pki.signIntermediate(
            wish.request(), wish.name(), domain.id().toString(), wish.lifetime());
      }

      @Override
      public void close() {
        pki.close();
      }
    };
  }

  /** Whom to trust. */
  static List<X509Certificate> roots(Root.Upstream root) throws IOException {
    return LocalFiles.certificates(root.rootsFile());
  }
}
