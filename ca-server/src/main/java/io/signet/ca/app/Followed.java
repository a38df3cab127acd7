package io.signet.ca.app;

import io.signet.ca.authority.Authorities;
import io.signet.ca.authority.AuthorityStore;
import io.signet.ca.config.RotationConfig;
import io.signet.ca.delivery.HolderWatch;
import io.signet.ca.delivery.RenewalException;
import io.signet.ca.delivery.ServingIdentity;
import io.signet.ca.ledger.LedgerException;
import java.time.Duration;

/**
 * What changes with whom to trust and with who signs: the streams, the sinks, the SVIDs that were
 * handed out, the server's own certificate, and the key that is looked after. For one thread at a
 * time.
 */
final class Followed implements Succession.Follower {

  private final Authorities authorities;
  private final AuthorityStore store;
  private final KeyCustody custody;
  private final PublishedTrust trust;
  private final Delivery delivery;
  private final ServingIdentity serving;
  private final HolderWatch holders;
  private final RotationConfig config;
  private int generation;

  Followed(
      Authorities authorities,
      AuthorityStore store,
      KeyCustody custody,
      PublishedTrust trust,
      Delivery delivery,
      ServingIdentity serving,
      HolderWatch holders,
      RotationConfig config) {
    this.authorities = authorities;
    this.store = store;
    this.custody = custody;
    this.trust = trust;
    this.delivery = delivery;
    this.serving = serving;
    this.holders = holders;
    this.config = config;
    this.generation = authorities.generation();
  }

  @Override
  public void trusts() {
    trust.ownAre(authorities.bundle());
  }

  // The sinks last: a disk that is full keeps nobody from the rest.
  @Override
  public void signs(boolean hurry) throws FileProblem, LedgerException, RenewalException {
    int now = authorities.generation();
    if (now != generation) {
      store.ca(now).ifPresent(custody::caIs);
      serving.renew();
      generation = now;
    }
    // Said again and again, for an SVID of before may have been on its way.
    delivery.authorityIs(now, window(hurry));
    // Before anybody is told that we have this bundle: else a gate could open over a stream that
    // nobody has counted.
    holders.run();
    trust.write();
  }

  @Override
  public int shown() {
    return serving.generation();
  }

  private Duration window(boolean hurry) {
    return hurry ? config.compromisedDeadline().dividedBy(2) : config.window();
  }
}
