package io.signet.ca.store;

import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The only server of an embedded store: it leads, and what changes it has changed itself. Nothing
 * of it is written down.
 */
public final class SoleReplica implements Replicas, Changes, Leadership {

  static final String ID = "this";

  private final Clock clock;
  private final Listeners listeners = new Listeners();
  private volatile Report report = new Report(0, 0, 0, 0);

  public SoleReplica(Clock clock) {
    this.clock = clock;
  }

  @Override
  public void report(Report mine) {
    report = mine;
  }

  @Override
  public List<Replica> all() {
    return List.of(new Replica(ID, report, clock.instant(), Duration.ZERO, Duration.ZERO));
  }

  @Override
  public Instant heard() {
    return clock.instant(); // nobody goes on without it
  }

  @Override
  public void leave() {} // nobody is left to know

  @Override
  public void announce() {
    listeners.announce();
  }

  @Override
  public Listening listen(Runnable onChange) {
    return listeners.listen(onChange);
  }

  @Override
  public boolean leads() {
    return true;
  }
}
