package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a process has used so far, as the kernel counts it.
 *
 * @param cpuTicks user and system together, of all threads
 * @param residentBytes of its memory, now
 * @param threads that it has, now
 */
record ProcessUsage(long cpuTicks, long residentBytes, int threads) {

  // USER_HZ; the kernel shows 100 to user space on every platform that JDK 25 runs on.
  static final long TICKS_PER_SECOND = 100;

  // proc(5): utime is field 14; the name in field 2 may hold anything, so it is counted from 3.
  private static final int UTIME = 14 - 3;
  private static final int STIME = 15 - 3;
  private static final int CUTIME = 16 - 3;
  private static final int CSTIME = 17 - 3;

  static ProcessUsage of(long pid) throws BenchException {
    Path process = Path.of("/proc", Long.toString(pid));
    try {
      String status = Files.readString(process.resolve("status"));
      return new ProcessUsage(
          cpuTicks(Files.readString(process.resolve("stat"))),
          residentBytes(status),
          (int) field(status, "Threads:"));
    } catch (IOException e) {
      throw new BenchException("process " + pid + " cannot be observed; has it ended?", e);
    }
  }

  /** The most of its memory that was ever resident at once, in bytes. */
  static long peakResidentBytes(long pid) throws BenchException {
    try {
      return field(Files.readString(Path.of("/proc", Long.toString(pid), "status")), "VmHWM:")
          * 1024;
    } catch (IOException e) {
      throw new BenchException("process " + pid + " cannot be observed; has it ended?", e);
    }
  }

  /**
   * What a process and all below it have used, those that have ended too; in ticks of a hundredth
   * of a second.
   */
  static long cpuTicksOfAll(long pid) throws BenchException {
    Path process = Path.of("/proc");
    try {
      String stat = Files.readString(process.resolve(Long.toString(pid)).resolve("stat"));
      return cpuTicks(stat)
          + cpuTicksOfEnded(stat)
          + ProcessHandle.of(pid).stream()
              .flatMap(ProcessHandle::descendants)
              .mapToLong(child -> cpuTicksOrNone(child.pid()))
              .sum();
    } catch (IOException e) {
      throw new BenchException("process " + pid + " cannot be observed; has it ended?", e);
    }
  }

  // It may end while we look.
  private static long cpuTicksOrNone(long pid) {
    try {
      return of(pid).cpuTicks();
    } catch (BenchException ended) {
      return 0;
    }
  }

  /** Of its children that it has waited for. */
  static long cpuTicksOfEnded(String stat) {
    return fields(stat, CUTIME, CSTIME);
  }

  static long cpuTicks(String stat) {
    return fields(stat, UTIME, STIME);
  }

  private static long fields(String stat, int one, int other) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Long.parseLong(fields[one]) + Long.parseLong(fields[other]);
  }

  static long residentBytes(String status) {
    return field(status, "VmRSS:") * 1024;
  }

  /** The number of this line; 0 if it is not there. */
  private static long field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }

  double cpuMicrosSince(ProcessUsage before) {
    return (cpuTicks - before.cpuTicks) * 1e6 / TICKS_PER_SECOND;
  }

  double residentMebibytes() {
    return residentBytes / 1048576.0;
  }
}
