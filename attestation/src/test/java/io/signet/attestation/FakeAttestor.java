package io.signet.attestation;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An attestor that answers what it was told to, and {@link Refusal.Missing} for all else. Safe for
 * use by many threads.
 */
public final class FakeAttestor implements Attestor {

  private final String name;
  private final Map<Evidence, Attestation> answers = new ConcurrentHashMap<>();
  private final AtomicInteger calls = new AtomicInteger();

  public FakeAttestor(String name) {
    this.name = name;
  }

  /** From now on, this evidence is answered so. */
  @CanIgnoreReturnValue
  public FakeAttestor answer(Evidence evidence, Attestation attestation) {
    answers.put(evidence, attestation);
    return this;
  }

  /** How often it was asked, whatever it answered. */
  public int calls() {
    return calls.get();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Attestation attest(Evidence evidence) {
    calls.incrementAndGet();
    return answers.getOrDefault(evidence, Attestation.missing("not programmed"));
  }
}
