package io.signet.ca.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.delivery.SvidMaker;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssueAuthority;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.issuance.Unreceived;
import io.signet.ca.telemetry.AuditLog;
import io.signet.ca.telemetry.ObservedGrants;
import io.signet.ca.telemetry.ObservedIssuance;
import io.signet.ca.telemetry.Tracing;
import io.signet.sds.Timer;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What answers requests for certificates, of others and of our own streams: limited, and seen by
 * metrics, audit and traces.
 */
final class Requests {

  private final ObservedIssuance issuance;
  private final Unreceived unreceived;
  private final SvidMaker maker;

  Requests(
      IssuingCore core,
      CallerAttestors callers,
      Supplier<Entitlements> entitlements,
      Limits limits,
      Optional<Tracing> tracing,
      MeterRegistry registry,
      AuditLog audit,
      Timer timer,
      Clock clock) {
    Steps steps = tracing.map(Tracing::steps).orElseGet(Steps::unwatched);
    IssueSvid svids =
        new IssueSvid(
            callers.attestors(),
            callers.impersonation(),
            entitlements,
            core.authorities(),
            core.signer(),
            limits,
            steps,
            clock);
    IssueAuthority cas =
        new IssueAuthority(callers.attestors(), entitlements, core.authorities(), limits, steps);
    Issuance either = request -> (request.authority() ? cas : svids).issue(request);
    Issuance traced = tracing.map(on -> on.around(either)).orElse(either);
    this.issuance = new ObservedIssuance(traced, registry, audit, System::nanoTime);
    this.unreceived = new Unreceived(core.signer());
    this.maker =
        new SvidMaker(
            new ObservedGrants(
                limits.boundingGrants(svids::granted), registry, audit, System::nanoTime),
            timer,
            clock,
            new SecureRandom());
  }

  /** For whoever asks. */
  ObservedIssuance issuance() {
    return issuance;
  }

  /** Of what {@link #issuance()} has issued. */
  Unreceived unreceived() {
    return unreceived;
  }

  /** For streams, and for the server's own certificate. */
  SvidMaker maker() {
    return maker;
  }
}
