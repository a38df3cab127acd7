package io.signet.ca.app;

import io.signet.ca.authorization.Entitlements;
import io.signet.spiffe.SpiffeId;
import java.util.Map;
import java.util.function.Supplier;

/** The entitlements that are configured, without those who are denied. Safe for many threads. */
final class EntitlementsNow implements Supplier<Entitlements> {

  private Entitlements configured;
  private Map<SpiffeId, String> denied = Map.of();
  private volatile Entitlements now;

  EntitlementsNow(Entitlements configured) {
    this.configured = configured;
    this.now = configured;
  }

  @Override
  public Entitlements get() {
    return now;
  }

  synchronized void configuredAre(Entitlements others) {
    configured = others;
    now = configured.without(denied);
  }

  /** Nobody may hold these, for the reason of each. */
  synchronized void deniedAre(Map<SpiffeId, String> others) {
    denied = others;
    now = configured.without(denied);
  }
}
