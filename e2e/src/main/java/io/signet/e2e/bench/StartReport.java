package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of {@code bench start}. */
record StartReport(Machine machine, List<Line> lines) implements Report {

  /** One way to start. */
  record Line(String name, List<Duration> times, ProcessUsage idle, ProcessUsage loaded) {
    Line {
      times = times.stream().sorted().toList();
    }

    /** With an even number of runs the slower of the two in the middle. */
    Duration median() {
      return times.get(times.size() / 2);
    }
  }

  StartReport {
    lines = List.copyOf(lines);
  }

  @Override
  public String table() {
    Table head = new Table();
    machine.addTo(head);
    Table table = new Table().row("start", "ready", "fastest", "slowest", "idle", "after load");
    for (Line line : lines) {
      table.row(
          line.name(),
          millis(line.median()),
          millis(line.times().getFirst()),
          millis(line.times().getLast()),
          mebibytes(line.idle()),
          mebibytes(line.loaded()));
    }
    return head + System.lineSeparator() + table;
  }

  private static String millis(Duration time) {
    return String.format(Locale.ROOT, "%,d ms", time.toMillis());
  }

  private static String mebibytes(ProcessUsage usage) {
    return String.format(Locale.ROOT, "%,.0f MiB", usage.residentMebibytes());
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("starts", lines.stream().map(StartReport::fields).toList());
    return fields;
  }

  private static Map<String, Object> fields(Line line) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", line.name());
    fields.put("ready-median-millis", line.median().toMillis());
    fields.put("ready-millis", line.times().stream().map(Duration::toMillis).toList());
    fields.put("idle-bytes", line.idle().residentBytes());
    fields.put("loaded-bytes", line.loaded().residentBytes());
    return fields;
  }
}
