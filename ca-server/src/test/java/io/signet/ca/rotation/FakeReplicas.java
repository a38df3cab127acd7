package io.signet.ca.rotation;

import java.time.Instant;
import java.util.List;

/** Replicas that a test decides on. */
final class FakeReplicas implements Replicas {

  private List<Replica> all = List.of();

  void are(List<Replica> replicas) {
    all = List.copyOf(replicas);
  }

  @Override
  public void report(Report mine) {}

  @Override
  public List<Replica> all() {
    return all;
  }

  @Override
  public Instant heard() {
    return Instant.MAX;
  }

  @Override
  public void leave() {}
}
