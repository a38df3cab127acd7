package io.signet.ca.telemetry;

import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Call;
import java.util.List;

/**
 * Whom a line of the audit is about, before anything is proven.
 *
 * @param request the id of the call; empty where there is none
 * @param from the address; empty where nobody called
 * @param shown the evidence
 */
record Asker(String request, String from, List<Evidence> shown) {

  /** Nobody called: what was granted before is renewed. */
  static final Asker OURSELVES = new Asker("", "", List.of());

  static Asker of(Call call, List<Evidence> shown) {
    return new Asker(call.id(), call.address(), shown);
  }
}
