package io.signet.ca.rotation;

import io.signet.ca.testing.ForeignCa;
import io.signet.hsm.KeyLabel;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keys in memory; each that is there is known by its label. */
public final class FakeKeys implements RotatedKeys {

  private final Map<KeyLabel, X509Certificate> certificates = new HashMap<>();
  private final List<KeyLabel> there = new ArrayList<>();
  private final List<Generation> revoked = new ArrayList<>();
  private Optional<RotationException> failure = Optional.empty();
  private Meanwhile meanwhile = () -> {};
  private int drawn = 1;

  /** What others do. */
  interface Meanwhile {
    void happens() throws Exception;
  }

  public FakeKeys(Generation first) {
    add(first);
  }

  private void add(Generation generation) {
    there.add(generation.label());
    var _ =
        certificates.computeIfAbsent(
            generation.label(), label -> ForeignCa.root(label.value()).certificate());
  }

  /** The next call fails with this. */
  void failNext(RotationException problem) {
    failure = Optional.of(problem);
  }

  /** Meanwhile this happens. */
  void whileMaking(Meanwhile act) {
    meanwhile = act;
  }

  List<KeyLabel> there() {
    return List.copyOf(there);
  }

  @Override
  public KeyLabel fresh() {
    drawn++;
    return new KeyLabel("root-" + drawn);
  }

  @Override
  public Optional<X509Certificate> certificate(Generation generation) {
    return Optional.ofNullable(certificates.get(generation.label()));
  }

  @Override
  public void make(Generation next) throws RotationException {
    try {
      meanwhile.happens();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    failIfTold();
    if (!there.contains(next.label())) {
      add(next);
    }
  }

  @Override
  public boolean hasCrl(Generation generation) {
    return true;
  }

  @Override
  public void revoke(Generation compromised) throws RotationException {
    failIfTold();
    revoked.add(compromised);
  }

  @Override
  public boolean isRevoked(Generation generation) {
    return revoked.contains(generation);
  }

  @Override
  public void destroy(Generation doomed) throws RotationException {
    failIfTold();
    there.remove(doomed.label());
  }

  private void failIfTold() throws RotationException {
    if (failure.isPresent()) {
      RotationException problem = failure.get();
      failure = Optional.empty();
      throw problem;
    }
  }
}
