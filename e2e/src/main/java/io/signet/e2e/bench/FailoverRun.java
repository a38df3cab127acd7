package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Kills whichever of two servers leads, until it is the other one, again and again. */
final class FailoverRun {

  private static final Pattern LEADS = Pattern.compile("replica \\S+ leads");
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long LOOK_MILLIS = 2;

  // A server looks whether it leads once a second; the moment of the kill must not follow that.
  private static final long BEAT_MILLIS = 1_000;

  private final int runs;
  private final Consumer<String> news;

  /**
   * @param news told what happens, a line each
   */
  FailoverRun(int runs, Consumer<String> news) {
    this.runs = runs;
    this.news = news;
  }

  /** The time of each run, from the kill until the other one has said that it leads. */
  List<Duration> measure(Program program) throws BenchException, IOException, InterruptedException {
    ProxyIdentities identities = ProxyIdentities.create(Clock.systemUTC());
    try (ReplicaPair pair = ReplicaPair.start(program, identities, "")) {
      SdsServer leader = leader(pair);
      List<Duration> times = new ArrayList<>();
      for (int run = 0; run < runs; run++) {
        SdsServer other = leader == pair.east() ? pair.west() : pair.east();
        Duration time = killed(leader, other);
        news.accept("%.3f s".formatted(time.toNanos() / 1e9));
        times.add(time);
        leader.startAgain();
        leader = other;
      }
      return times;
    }
  }

  private static SdsServer leader(ReplicaPair pair)
      throws BenchException, IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      for (SdsServer replica : pair.replicas()) {
        if (hasLed(replica) > 0) {
          return replica;
        }
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    throw new BenchException("nobody leads after %d s".formatted(PATIENCE.toSeconds()));
  }

  private static long hasLed(SdsServer replica) throws IOException {
    return LEADS.matcher(Files.readString(replica.log())).results().count();
  }

  private static Duration killed(SdsServer leader, SdsServer other)
      throws BenchException, IOException, InterruptedException {
    TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(BEAT_MILLIS));
    long before = hasLed(other);
    long start = System.nanoTime();
    leader.kill();
    while (hasLed(other) == before) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new BenchException(
            "the other one does not lead after %d s".formatted(PATIENCE.toSeconds()));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
