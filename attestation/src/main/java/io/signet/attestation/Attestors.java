package io.signet.attestation;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Missing;
import io.signet.attestation.Refusal.NoIdentity;
import io.signet.attestation.Refusal.Unavailable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All attestors in the order of the configuration; the first success wins (istio-ca, section 9).
 * Safe for use by many threads.
 */
public final class Attestors {

  private final List<Attestor> attestors;

  public Attestors(List<Attestor> attestors) {
    this.attestors = List.copyOf(attestors);
  }

  /**
   * The first proof that any of the evidence gives. Without one: "could not be judged now" wins
   * over "wrong", because what could not be judged may have been right (ISTIO-32).
   */
  public Attestation attest(List<Evidence> shown) {
    List<Refusal> refusals = new ArrayList<>();
    for (Evidence evidence : shown) {
      for (Attestor attestor : attestors) {
        switch (attestor.attest(evidence)) {
          case Proven proven -> {
            return proven;
          }
          case Unproven unproven -> refusals.add(named(attestor, unproven.refusal()));
        }
      }
    }
    return new Unproven(heaviest(refusals));
  }

  private static Refusal named(Attestor attestor, Refusal refusal) {
    String detail = attestor.name() + ": " + refusal.detail();
    return switch (refusal) {
      case Missing _ -> new Missing(detail);
      case Invalid _ -> new Invalid(detail);
      case NoIdentity _ -> new NoIdentity(detail);
      case Unavailable _ -> new Unavailable(detail);
    };
  }

  private static Refusal heaviest(List<Refusal> refusals) {
    return all(Unavailable.class, refusals)
        .<Refusal>map(Unavailable::new)
        .or(() -> all(Invalid.class, refusals).map(Invalid::new))
        .or(() -> all(NoIdentity.class, refusals).map(NoIdentity::new))
        .orElseGet(() -> new Missing(all(Missing.class, refusals).orElse("no evidence was shown")));
  }

  private static Optional<String> all(Class<? extends Refusal> kind, List<Refusal> refusals) {
    return refusals.stream()
        .filter(kind::isInstance)
        .map(Refusal::detail)
        .reduce((one, other) -> one + "; " + other);
  }
}
