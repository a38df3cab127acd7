package io.signet.ca.rotation;

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
  public void leave() {}
}
