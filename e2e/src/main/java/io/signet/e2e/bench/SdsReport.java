package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The figures of {@code bench sds}, a column for each number of proxies.
 *
 * @param machine where they were measured
 */
record SdsReport(Machine machine, List<SdsFigures> figures) implements Report {

  @Override
  public String table() {
    Table head = new Table();
    machine.addTo(head);
    Table table = new Table();
    row(table, "proxies", each -> number("%,d", each.proxies()));
    rowsOfComingUp(table);
    rowsOfMemory(table);
    rowsOfRenewals(table);
    rowsOfChange(table);
    row(table, "SVIDs verified", each -> number("%,d", each.verified()));
    row(table, "failures", each -> each.failures().isEmpty() ? "none" : each.failures() + "");
    return head + System.lineSeparator() + table;
  }

  private void rowsOfComingUp(Table table) {
    up(table, "ready", up -> number("%,d", up.ready()));
    up(table, "different SVIDs", up -> number("%,d", up.differentSvids()));
    up(table, "99 % ready after", up -> up.most().map(SdsReport::seconds).orElse("never"));
    up(table, "all ready after", up -> up.all().map(SdsReport::seconds).orElse("never"));
    up(table, "pushes", up -> number("%,d", up.pushes()));
    up(table, "unchanged among them", up -> number("%,d", up.unchanged()));
    up(table, "server CPU", up -> number("%,.2f s", up.cpuMicros() / 1e6));
    up(table, "server CPU/push", up -> number("%,.0f µs", up.cpuMicros() / up.pushes()));
    up(table, "generator CPU", up -> number("%,.2f s", up.ownCpuMicros() / 1e6));
  }

  private void rowsOfMemory(Table table) {
    row(table, "resident without proxies", each -> mebibytes(each.memory().without()));
    row(table, "resident with them", each -> mebibytes(each.memory().with()));
    memory(table, "resident/proxy", SdsFigures.Memory::anonymousForEach);
    memory(table, "  heap, resident", SdsFigures.Memory::residentHeapForEach);
    memory(table, "  heap, live", SdsFigures.Memory::liveHeapForEach);
    memory(table, "  all but heap", SdsFigures.Memory::otherForEach);
  }

  private void rowsOfRenewals(Table table) {
    if (figures.stream().anyMatch(each -> each.renewals().isPresent())) {
      renewals(table, "renewals", some -> number("%,d", some.renewals()));
      renewals(table, "  watched for", some -> seconds(some.watched()));
      renewals(table, "  in busiest second", some -> number("%,d", some.busiestSecond()));
      renewals(table, "  newcomers", some -> number("%,d", some.newcomers().succeeded()));
      renewals(table, "  connect to SVID p50", some -> millis(some.newcomers(), 50));
      renewals(table, "  connect to SVID p99", some -> millis(some.newcomers(), 99));
      renewals(table, "  server CPU", some -> number("%,.2f s", some.cpuMicros() / 1e6));
    }
  }

  private void rowsOfChange(Table table) {
    if (figures.stream().anyMatch(each -> each.change().isPresent())) {
      change(table, "bundle change to last ACK", some -> seconds(some.fromChange()));
      change(table, "  first push to last ACK", some -> seconds(some.fromPush()));
      change(table, "  change to last ACK counted", some -> seconds(some.toCount()));
      change(table, "  pushes of the bundle", some -> number("%,d", some.pushes()));
      change(table, "  other pushes", some -> number("%,d", some.others()));
      change(table, "  unchanged among them", some -> number("%,d", some.unchanged()));
      change(
          table, "  server CPU/push", some -> number("%,.0f µs", some.cpuMicros() / some.pushes()));
    }
  }

  private void up(Table table, String name, Function<SdsFigures.ComingUp, String> cell) {
    row(table, name, each -> cell.apply(each.comingUp()));
  }

  private void memory(Table table, String name, Function<SdsFigures.Memory, Double> bytes) {
    row(table, name, each -> number("%,.1f KiB", bytes.apply(each.memory()) / 1024));
  }

  private void renewals(Table table, String name, Function<SdsFigures.Renewals, String> cell) {
    row(table, name, each -> each.renewals().map(cell).orElse(""));
  }

  private void change(Table table, String name, Function<SdsFigures.Change, String> cell) {
    row(table, name, each -> each.change().map(cell).orElse(""));
  }

  private void row(Table table, String name, Function<SdsFigures, String> cell) {
    Table _ =
        table.row(
            Stream.concat(Stream.of(name), figures.stream().map(cell)).toArray(String[]::new));
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    List<Map<String, Object>> runs = new ArrayList<>();
    figures.forEach(each -> runs.add(fields(each)));
    fields.put("runs", runs);
    return fields;
  }

  private static Map<String, Object> fields(SdsFigures figures) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("proxies", figures.proxies());
    put(fields, figures.comingUp());
    put(fields, figures.memory());
    figures.renewals().ifPresent(renewals -> put(fields, renewals));
    figures.change().ifPresent(change -> put(fields, change));
    fields.put("svids-verified", figures.verified());
    fields.put("failures", figures.failures());
    return fields;
  }

  private static void put(Map<String, Object> fields, SdsFigures.ComingUp up) {
    fields.put("ready", up.ready());
    fields.put("different-svids", up.differentSvids());
    putMillis(fields, "ready-99-percent-millis", up.most());
    putMillis(fields, "ready-all-millis", up.all());
    fields.put("pushes", up.pushes());
    fields.put("unchanged-pushes", up.unchanged());
    fields.put("server-cpu-micros", up.cpuMicros());
    fields.put("generator-cpu-micros", up.ownCpuMicros());
  }

  private static void putMillis(Map<String, Object> fields, String key, Optional<Duration> time) {
    time.ifPresent(known -> fields.put(key, known.toNanos() / 1e6));
  }

  private static void put(Map<String, Object> fields, SdsFigures.Memory memory) {
    fields.put("resident-bytes-without", memory.without().anonymousBytes());
    fields.put("resident-bytes-with", memory.with().anonymousBytes());
    fields.put("resident-bytes-for-each", memory.anonymousForEach());
    fields.put("resident-heap-bytes-for-each", memory.residentHeapForEach());
    fields.put("live-heap-bytes-for-each", memory.liveHeapForEach());
    fields.put("other-bytes-for-each", memory.otherForEach());
  }

  private static void put(Map<String, Object> fields, SdsFigures.Renewals renewals) {
    fields.put("renewals", renewals.renewals());
    fields.put("renewals-watched-millis", renewals.watched().toMillis());
    fields.put("renewals-in-busiest-second", renewals.busiestSecond());
    fields.put("newcomers", renewals.newcomers().succeeded());
    fields.put("newcomers-p50-millis", renewals.newcomers().millisAt(50));
    fields.put("newcomers-p99-millis", renewals.newcomers().millisAt(99));
    fields.put("renewals-server-cpu-micros", renewals.cpuMicros());
  }

  private static void put(Map<String, Object> fields, SdsFigures.Change change) {
    putMillis(fields, "change-to-last-ack-millis", Optional.of(change.fromChange()));
    putMillis(fields, "change-first-push-to-last-ack-millis", Optional.of(change.fromPush()));
    putMillis(fields, "change-to-last-ack-counted-millis", Optional.of(change.toCount()));
    fields.put("change-pushes", change.pushes());
    fields.put("change-other-pushes", change.others());
    fields.put("change-unchanged-pushes", change.unchanged());
    fields.put("change-server-cpu-micros", change.cpuMicros());
  }

  private static String mebibytes(ServerMemory memory) {
    return number("%,.0f MiB", memory.anonymousBytes() / 1048576.0);
  }

  private static String seconds(Duration time) {
    return number("%,.2f s", time.toNanos() / 1e9);
  }

  private static String millis(Tally tally, double percentile) {
    return number("%,.1f ms", tally.millisAt(percentile));
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
