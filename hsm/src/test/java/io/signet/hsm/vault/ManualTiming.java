package io.signet.hsm.vault;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Time that moves when it is told to; pauses are over at once, and noted. */
final class ManualTiming implements Timing {

  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();

  void advance(Duration time) {
    now = now.plus(time);
  }

  List<Duration> pauses() {
    return List.copyOf(pauses);
  }

  @Override
  public Instant now() {
    return now;
  }

  @Override
  public void pause(Duration time) {
    pauses.add(time);
  }

  @Override
  public double chance() {
    return 0.5;
  }
}
