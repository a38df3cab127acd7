package io.signet.attestation;

import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestation.Unproven;
import io.signet.attestation.Refusal.Invalid;
import io.signet.attestation.Refusal.Missing;
import io.signet.attestation.Refusal.Unavailable;
import java.util.ArrayList;
import java.util.List;

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
      case Unavailable _ -> new Unavailable(detail);
    };
  }

  private static Refusal heaviest(List<Refusal> refusals) {
    List<Refusal> unavailable = refusals.stream().filter(Unavailable.class::isInstance).toList();
    if (!unavailable.isEmpty()) {
      return new Unavailable(details(unavailable));
    }
    List<Refusal> invalid = refusals.stream().filter(Invalid.class::isInstance).toList();
    if (!invalid.isEmpty()) {
      return new Invalid(details(invalid));
    }
    return new Missing(refusals.isEmpty() ? "no evidence was shown" : details(refusals));
  }

  private static String details(List<Refusal> refusals) {
    return String.join("; ", refusals.stream().map(Refusal::detail).toList());
  }
}
