package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The figures of {@code bench connections}.
 *
 * @param count how many were still open at the end
 * @param opening how long it took to open them
 * @param before what the server used without them
 * @param with what it used with them
 * @param alone calls of a few callers without them
 * @param among the same with them
 */
record ConnectionsReport(
    Machine machine,
    int count,
    Duration opening,
    Server before,
    Server with,
    Tally alone,
    Tally among)
    implements Report {

  /** What the server has: objects on its heap that live, and all else by the kernel's account. */
  record Server(long liveHeapBytes, ProcessUsage usage) {
    private long resident() {
      return usage.residentBytes();
    }

    private String threads() {
      return Integer.toString(usage.threads());
    }
  }

  private double kibibytesForEach() {
    return (with.liveHeapBytes() - before.liveHeapBytes()) / 1024.0 / count;
  }

  @Override
  public String table() {
    Table head = new Table();
    machine.addTo(head);
    Table table = new Table();
    table
        .row("", "without", number("with %,d", count))
        .row("opened in", "", number("%,.1f s", opening.toMillis() / 1e3))
        .row("live heap", mebibytes(before.liveHeapBytes()), mebibytes(with.liveHeapBytes()))
        .row("live heap for each", "", number("%,.1f KiB", kibibytesForEach()))
        .row("resident", mebibytes(before.resident()), mebibytes(with.resident()))
        .row("threads", before.threads(), with.threads())
        .row("latency p50", millis(alone.millisAt(50)), millis(among.millisAt(50)))
        .row("latency p99", millis(alone.millisAt(99)), millis(among.millisAt(99)));
    return head + System.lineSeparator() + table;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("idle-connections", count);
    fields.put("opening-millis", opening.toMillis());
    fields.put("live-heap-bytes-without", before.liveHeapBytes());
    fields.put("live-heap-bytes-with", with.liveHeapBytes());
    fields.put("kibibytes-for-each", kibibytesForEach());
    fields.put("resident-bytes-without", before.resident());
    fields.put("resident-bytes-with", with.resident());
    fields.put("threads-without", before.usage().threads());
    fields.put("threads-with", with.usage().threads());
    fields.put("p99-millis-without", alone.millisAt(99));
    fields.put("p99-millis-with", among.millisAt(99));
    return fields;
  }

  private static String mebibytes(long bytes) {
    return number("%,.0f MiB", bytes / 1048576.0);
  }

  private static String millis(double value) {
    return number("%,.2f ms", value);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
