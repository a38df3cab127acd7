package io.signet.e2e.bench;

import java.time.Duration;

/**
 * What {@code bench rotation} does.
 *
 * @param subscribers of both replicas together
 * @param lifetime of an SVID; it is renewed after a little less than half of that
 * @param clientLifetime of a certificate that is asked for; each counts until it ends
 * @param window over which SVIDs are replaced when the new root signs
 * @param rate at which certificates are asked for, of both replicas together
 * @param steady how long that is watched before
 * @param patience for the whole rotation
 */
record RotationPlan(
    int subscribers,
    SdsApi api,
    Duration lifetime,
    Duration clientLifetime,
    Duration window,
    Rate rate,
    Duration steady,
    Duration patience) {

  ProxyWire wire() {
    return new ProxyWire("sds_uds", false, api, "ROOTCA");
  }

  String describe() {
    return "%s, SVIDs for %d s, window %d s; certificates for %d s, %s whatever the answers"
        .formatted(
            api == SdsApi.DELTA ? "delta" : "state of the world",
            lifetime.toSeconds(),
            window.toSeconds(),
            clientLifetime.toSeconds(),
            rate);
  }
}
