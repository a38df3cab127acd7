package io.signet.ca.delivery;

import io.signet.ca.authorization.Grant;
import io.signet.sds.Timer;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.X509Svid;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The server's own certificate: an SVID of ours with the host names that clients call it by,
 * renewed like any other.
 */
public final class ServingIdentity implements AutoCloseable {

  private final SvidMaker maker;
  private final Grant grant;
  private final Renewal renewal;
  private volatile KeyedSvid current;
  private volatile boolean outdated;

  /**
   * Makes the first certificate; without it there is nothing to serve with.
   *
   * @param grant our identity, with the names that clients call us by
   * @param onFailure is told of each renewal that failed; the certificate in use stays
   */
  public ServingIdentity(
      SvidMaker maker, Grant grant, Timer timer, Clock clock, Consumer<RenewalException> onFailure)
      throws RenewalException {
    this.maker = maker;
    this.grant = grant;
    this.current = maker.make(grant, Optional.empty());
    this.renewal = new Renewal(new Work(), timer, clock, onFailure);
    renewal.start();
  }

  private final class Work implements Renewal.Work {
    @Override
    public Instant due() {
      return outdated ? Instant.EPOCH : current.renewAt();
    }

    // Said before this run and not in it: what it makes may be outdated when it is ready.
    @Override
    public void run() throws RenewalException {
      boolean was = outdated;
      outdated = false;
      try {
        current = maker.make(grant, Optional.empty());
      } catch (RenewalException | RuntimeException e) {
        outdated |= was;
        throw e;
      }
    }
  }

  /**
   * Has the next certificate made at once, because it counts no more or soon will not; tried again
   * while it fails. The one in use stays until then.
   */
  public void renew() {
    outdated = true;
    renewal.hasten();
  }

  /** The same, unless the one in use is still good. */
  public void renewUnless(Predicate<X509Svid> isGood) {
    if (!isGood.test(current.svid())) {
      renew();
    }
  }

  /** The generation of the root above the certificate in use. */
  public int generation() {
    return current.generation();
  }

  /** The certificate chain of now, leaf first, and its key: take both from one call. */
  public Keyed current() {
    KeyedSvid now = current;
    return new Keyed(now.svid().chain(), now.key().privateKey());
  }

  /** A certificate chain and the private key of its leaf. */
  public record Keyed(List<X509Certificate> chain, PrivateKey key) {
    @Override
    public String toString() {
      return "Keyed[" + SerialNumber.of(chain.getFirst()) + "]";
    }
  }

  @Override
  public void close() {
    renewal.close();
  }
}
