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
  private static final long TICKS_PER_SECOND = 100;

  // proc(5): utime is field 14; the name in field 2 may hold anything, so it is counted from 3.
  private static final int UTIME = 14 - 3;
  private static final int STIME = 15 - 3;

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

  static long cpuTicks(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]);
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
