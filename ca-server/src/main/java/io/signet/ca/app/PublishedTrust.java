package io.signet.ca.app;

import io.signet.ca.cli.LocalFiles;
import io.signet.ca.config.SinksConfig;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.util.List;
import java.util.Optional;

/**
 * Whom everybody is told to trust: to every stream, and to every sink. Safe for use by many
 * threads.
 */
final class PublishedTrust {

  private final Delivery delivery;
  private final SinksConfig sinks;
  private TrustBundle own;
  private List<TrustBundle> federated = List.of();
  private List<X509CRL> crls = List.of();
  private boolean written;

  /**
   * @param own of our trust domain
   * @throws FileProblem if a sink cannot be written
   */
  PublishedTrust(Delivery delivery, SinksConfig sinks, TrustBundle own) throws FileProblem {
    this.delivery = delivery;
    this.sinks = sinks;
    this.own = own;
    write();
  }

  /** From now on it is these of our own trust domain: for the streams at once. */
  synchronized void ownAre(TrustBundle changed) {
    if (!changed.equals(own)) {
      own = changed;
      written = false;
      deliver();
    }
  }

  /** From now on it is these of other trust domains. */
  synchronized void federatedAre(List<TrustBundle> changed) {
    federated = changed;
    deliver();
  }

  /** From now on these say what is revoked in our own trust domain: all that do, or none. */
  synchronized void crlsAre(List<X509CRL> changed) {
    if (!changed.equals(crls)) {
      crls = List.copyOf(changed);
      deliver();
    }
  }

  private void deliver() {
    delivery.trustIs(own, crls, federated);
  }

  /**
   * Writes to the sinks what is not there yet; to be called again while it fails.
   *
   * @throws FileProblem if one cannot be written
   */
  synchronized void write() throws FileProblem {
    if (written) {
      return;
    }
    Optional<Path> file = sinks.bundleFile();
    try {
      if (file.isPresent()) {
        LocalFiles.write(file.get(), own.toPem());
      }
      written = true;
    } catch (IOException e) {
      throw new FileProblem("sinks.bundle-file", e, "a file in a folder to write to");
    }
  }
}
