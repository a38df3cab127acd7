package io.signet.e2e.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory of a JVM right after a collection.
 *
 * @param liveHeapBytes of objects; the rest of the heap is free for new ones
 * @param residentHeapBytes of the heap's pages, in use or free, those that the machine holds for it
 * @param anonymousBytes resident and of no file: the heap and all else that was allocated
 */
record ServerMemory(long liveHeapBytes, long residentHeapBytes, long anonymousBytes) {

  private static final Pattern HEAP =
      Pattern.compile("heap .*used ([0-9]+)K \\[0x([0-9a-f]+), 0x([0-9a-f]+)\\)");
  private static final Pattern ANONYMOUS = Pattern.compile("RssAnon:\\s+([0-9]+) kB");
  private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-[0-9a-f]+ .*");
  private static final Pattern RESIDENT = Pattern.compile("Rss:\\s+([0-9]+) kB");
  private static final int HEX = 16;

  /** Collects garbage first. */
  static ServerMemory of(long pid) throws BenchException, IOException, InterruptedException {
    String _ = jcmd(pid, "GC.run");
    Path process = Path.of("/proc", Long.toString(pid));
    return of(
        jcmd(pid, "GC.heap_info"),
        Files.readString(process.resolve("status")),
        Files.readString(process.resolve("smaps")));
  }

  /**
   * @param heapInfo as {@code jcmd PID GC.heap_info} prints it
   * @param status of {@code /proc/PID/status}
   * @param smaps of {@code /proc/PID/smaps}
   */
  static ServerMemory of(String heapInfo, String status, String smaps) throws BenchException {
    Matcher heap = found(HEAP, heapInfo, "jcmd GC.heap_info tells no size in use and no place");
    Matcher anonymous = found(ANONYMOUS, status, "/proc tells no anonymous memory");
    long from = Long.parseUnsignedLong(heap.group(2), HEX);
    long to = Long.parseUnsignedLong(heap.group(3), HEX);
    return new ServerMemory(kibibytes(heap), resident(smaps, from, to), kibibytes(anonymous));
  }

  private static Matcher found(Pattern pattern, String text, String otherwise)
      throws BenchException {
    Matcher found = pattern.matcher(text);
    if (!found.find()) {
      throw new BenchException(otherwise);
    }
    return found;
  }

  private static long kibibytes(Matcher found) {
    return Long.parseLong(found.group(1)) * 1024;
  }

  private static long resident(String smaps, long from, long to) {
    long sum = 0;
    boolean within = false;
    for (String line : smaps.lines().toList()) {
      Matcher mapping = MAPPING.matcher(line);
      Matcher resident = RESIDENT.matcher(line);
      if (mapping.matches()) {
        long start = Long.parseUnsignedLong(mapping.group(1), HEX);
        within = start >= from && start < to;
      } else if (within && resident.matches()) {
        sum += kibibytes(resident);
      }
    }
    return sum;
  }

  /** What was allocated beside the heap: by native code, for threads, classes and buffers. */
  long otherBytes() {
    return anonymousBytes - residentHeapBytes;
  }

  private static String jcmd(long pid, String command)
      throws BenchException, IOException, InterruptedException {
    String program = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process process = new ProcessBuilder(program, Long.toString(pid), command).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new BenchException("jcmd %s exited with %d".formatted(command, process.exitValue()));
    }
    return printed;
  }
}
