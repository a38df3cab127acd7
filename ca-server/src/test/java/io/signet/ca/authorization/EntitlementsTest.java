package io.signet.ca.authorization;

import static io.signet.ca.testing.Fixtures.CART;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.attestation.Proof;
import io.signet.ca.authorization.Decision.Denied;
import io.signet.ca.authorization.Decision.Granted;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A proven caller gets its own identity, for as long as it asked within our limits. */
final class EntitlementsTest {

  private static final Proof PROOF = new Proof.LocalUser(CART, 1000, 1);

  private final Entitlements entitlements =
      new Entitlements(Duration.ofHours(24), Duration.ofDays(90));

  @Test
  void decide_noWish_itsOwnForTheDefault() {
    assertThat(entitlements.decide(PROOF, Optional.empty(), Optional.empty()))
        .isEqualTo(new Granted(new Grant(CART, Duration.ofHours(24))));
  }

  @Test
  void decide_itsOwnName_granted() {
    assertThat(entitlements.decide(PROOF, Optional.of(CART.toString()), Optional.empty()))
        .isInstanceOf(Granted.class);
  }

  // CSR-7: equal means equal, not nearly equal.
  @ParameterizedTest
  @CsvSource({
    "spiffe://example.org/ns/shop/sa/bank",
    "spiffe://example.org/ns/shop/sa/Cart",
    "spiffe://example.org/ns/shop/sa/cart/",
    "spiffe://example.org/ns/shop/sa/cart2",
    "SPIFFE://example.org/ns/shop/sa/cart",
    "spiffe://example.org",
    "''"
  })
  void decide_anotherName_denied(String name) {
    assertThat(entitlements.decide(PROOF, Optional.of(name), Optional.empty()))
        .isInstanceOfSatisfying(
            Denied.class,
            denied ->
                assertThat(denied.reason())
                    .contains(CART.toString())
                    .contains("asked for \"" + name + "\""));
  }

  // ISTIO-62: what is not positive means the default; what is too long is clamped, not refused.
  @ParameterizedTest
  @CsvSource({
    "0, 86400",
    "-1, 86400",
    "-9223372036854775808, 86400",
    "1, 1",
    "3600, 3600",
    "7776000, 7776000",
    "7776001, 7776000",
    "18446744074, 7776000",
    "9223372036854775807, 7776000"
  })
  void decide_lifetime_clamped(long asked, long granted) {
    Optional<Duration> wish = Optional.of(Duration.ofSeconds(asked));

    assertThat(entitlements.decide(PROOF, Optional.empty(), wish))
        .isEqualTo(new Granted(new Grant(CART, Duration.ofSeconds(granted))));
  }

  @Test
  void own_default() {
    assertThat(entitlements.own(CART)).isEqualTo(new Grant(CART, Duration.ofHours(24)));
  }
}
