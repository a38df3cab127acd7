package io.signet.e2e.bench;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code bench sds} found with one number of proxies.
 *
 * @param verified how many SVIDs were looked at afterwards, all of them good
 * @param failures of proxies by reason, all phases together
 */
record SdsFigures(
    int proxies,
    ComingUp comingUp,
    Memory memory,
    Optional<Renewals> renewals,
    Optional<Change> change,
    int verified,
    Map<String, Long> failures) {

  /**
   * From the first connect until the proxies have their own SVID and the bundle.
   *
   * @param most when 99 % of them had
   * @param all when all had; both empty if they did not
   * @param cpuMicros of the server
   * @param ownCpuMicros of this process, which plays the proxies
   * @param pushes to all of them
   * @param unchanged pushes of what the proxy had
   */
  record ComingUp(
      int ready,
      int differentSvids,
      Optional<Duration> most,
      Optional<Duration> all,
      double cpuMicros,
      double ownCpuMicros,
      long pushes,
      long unchanged) {}

  /** Of the server, with no proxy and with all. */
  record Memory(ServerMemory without, ServerMemory with, int proxies) {

    double anonymousForEach() {
      return forEach(without.anonymousBytes(), with.anonymousBytes());
    }

    double liveHeapForEach() {
      return forEach(without.liveHeapBytes(), with.liveHeapBytes());
    }

    double residentHeapForEach() {
      return forEach(without.residentHeapBytes(), with.residentHeapBytes());
    }

    double otherForEach() {
      return forEach(without.otherBytes(), with.otherBytes());
    }

    private double forEach(long before, long after) {
      return (double) (after - before) / proxies;
    }
  }

  /**
   * @param renewals how many new SVIDs the proxies got
   * @param busiestSecond the most of them in one second
   * @param newcomers who came meanwhile, from connecting to their SVID
   * @param cpuMicros of the server
   */
  record Renewals(
      Duration watched, long renewals, long busiestSecond, Tally newcomers, double cpuMicros) {}

  /**
   * A bundle has changed that all proxies have.
   *
   * @param fromChange from the change of the file to the last acceptance
   * @param fromPush from the first push to the last acceptance
   * @param toCount from the change of the file until the server had counted all acceptances
   * @param pushes of the bundle
   * @param others pushes of anything else meanwhile
   * @param unchanged pushes of what the proxy had
   * @param cpuMicros of the server
   */
  record Change(
      Duration fromChange,
      Duration fromPush,
      Duration toCount,
      long pushes,
      long others,
      long unchanged,
      double cpuMicros) {}
}
