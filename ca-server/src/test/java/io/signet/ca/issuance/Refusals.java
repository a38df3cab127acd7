package io.signet.ca.issuance;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;

/** What tests expect of requests that are refused. */
final class Refusals {

  private Refusals() {}

  static void assertRefused(IssuanceOutcome outcome, Why why, String detail) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> {
              assertThat(refused.why()).isEqualTo(why);
              assertThat(refused.detail()).contains(detail);
            });
  }
}
