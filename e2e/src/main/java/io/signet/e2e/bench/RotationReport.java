package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import io.signet.e2e.bench.RotationFigures.Cpu;
import io.signet.e2e.bench.RotationFigures.Memory;
import io.signet.e2e.bench.RotationFigures.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** The figures of {@code bench rotation}, a column for each phase. */
record RotationReport(
    Machine machine, String loadAfter, OpensslSpeed openssl, RotationFigures figures)
    implements Report {

  @Override
  public String table() {
    return Stream.of(head(), phases(), memory(), writes())
        .map(Table::toString)
        .reduce((above, below) -> above + System.lineSeparator() + System.lineSeparator() + below)
        .orElseThrow();
  }

  private Table head() {
    Table table = new Table();
    machine.addTo(table);
    Phase rotation = figures.rotation();
    return table
        .row("load after", loadAfter + " (1 minute)")
        .row("openssl 1 sign + 2 verify", number("%,.0f µs", openssl.microsPerCertificate()))
        .row("subscribers", number("%,d", figures.plan().subscribers()) + ", half at each replica")
        .row("how", figures.plan().describe())
        .row("all ready after", seconds(figures.ready()))
        .row("rotation", seconds(rotation.time()))
        .row("verified", number("%,d", figures.verified()))
        .row("failures of subscribers", words(figures.failures()))
        .row("errors of issuance", words(errors()));
  }

  private Map<String, Long> errors() {
    return figures.before().issuance().and(figures.rotation().issuance()).failures();
  }

  private static String words(Map<String, Long> failures) {
    return failures.isEmpty() ? "none" : failures.toString();
  }

  private Table phases() {
    Table table = new Table();
    row(table, "phase", Phase::name);
    row(table, "time", each -> seconds(each.time()));
    cpu(table, "CPU east", Cpu::east);
    cpu(table, "CPU west", Cpu::west);
    cpu(table, "CPU database", Cpu::database);
    cpu(table, "CPU generator", Cpu::generator);
    count(table, "pushes of SVIDs", each -> each.pushes().svids());
    count(table, "pushes of bundles", each -> each.pushes().bundles());
    count(table, "  unchanged among them", each -> each.pushes().unchanged());
    count(table, "ACKs", each -> each.pushes().acks());
    count(table, "certificates", each -> each.issuance().succeeded());
    row(table, "  p50", each -> latency(each.issuance(), each.issuance().millisAt(50)));
    row(table, "  p99", each -> latency(each.issuance(), each.issuance().millisAt(99)));
    row(table, "  max", each -> latency(each.issuance(), each.issuance().maxMillis()));
    count(table, "transactions", each -> each.writes().transactions());
    count(table, "rows written", each -> each.writes().allRows());
    row(table, "WAL", each -> mebibytes(each.writes().walBytes()));
    return table;
  }

  private static String latency(Tally tally, double millis) {
    return tally.succeeded() == 0 ? "" : number("%,.1f ms", millis);
  }

  private void cpu(Table table, String name, Function<Cpu, Long> ticks) {
    row(
        table,
        name,
        each ->
            number("%,.2f s", (double) ticks.apply(each.cpu()) / ProcessUsage.TICKS_PER_SECOND));
  }

  private void count(Table table, String name, Function<Phase, Long> count) {
    row(table, name, each -> number("%,d", count.apply(each)));
  }

  private void row(Table table, String name, Function<Phase, String> cell) {
    Table _ =
        table.row(
            Stream.concat(Stream.of(name), columns().stream().map(cell)).toArray(String[]::new));
  }

  private List<Phase> columns() {
    return Stream.of(
            Stream.of(figures.before().named("steady before")),
            figures.phases().stream(),
            Stream.of(figures.rotation()))
        .flatMap(some -> some)
        .toList();
  }

  private Table memory() {
    Table table = new Table().row("memory", "east", "west");
    memory(table, "resident, most", Memory::peakResident);
    memory(table, "heap in use, most seen", Memory::peakHeap);
    memory(table, "heap, live, at the end", Memory::liveHeap);
    return table;
  }

  private void memory(Table table, String name, Function<Memory, Long> bytes) {
    Table _ =
        table.row(
            Stream.concat(
                    Stream.of(name),
                    figures.memory().stream().map(bytes).map(RotationReport::mebibytes))
                .toArray(String[]::new));
  }

  private Table writes() {
    Table table = new Table().row("rows written in the rotation", "", "for each subscriber");
    figures
        .rotation()
        .writes()
        .rows()
        .forEach((name, count) -> table.row(name, number("%,d", count), forEach(count)));
    long all = figures.rotation().writes().allRows();
    return table
        .row("all", number("%,d", all), forEach(all))
        .row("all but of certificates", number("%,d", ownRows()), forEach(ownRows()));
  }

  // What is written for each certificate that anybody gets, at any time.
  private long ownRows() {
    return figures.rotation().writes().rows().entrySet().stream()
        .filter(each -> !List.of("ledger", "unfinished").contains(each.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private String forEach(long count) {
    return number("%,.2f", (double) count / figures.plan().subscribers());
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("load-after", loadAfter);
    fields.put("openssl-micros", openssl.microsPerCertificate());
    fields.put("subscribers", figures.plan().subscribers());
    fields.put("how", figures.plan().describe());
    fields.put("ready-millis", figures.ready().toMillis());
    List<Map<String, Object>> phases = new ArrayList<>();
    columns().forEach(each -> phases.add(fields(each)));
    fields.put("phases", phases);
    fields.put("memory", figures.memory().stream().map(RotationReport::fields).toList());
    fields.put("verified", figures.verified());
    fields.put("failures", figures.failures());
    return fields;
  }

  private static Map<String, Object> fields(Phase phase) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", phase.name());
    fields.put("millis", phase.time().toMillis());
    fields.put("cpu-millis-east", phase.cpu().east() * 10);
    fields.put("cpu-millis-west", phase.cpu().west() * 10);
    fields.put("cpu-millis-database", phase.cpu().database() * 10);
    fields.put("cpu-millis-generator", phase.cpu().generator() * 10);
    fields.put("pushes-of-svids", phase.pushes().svids());
    fields.put("pushes-of-bundles", phase.pushes().bundles());
    fields.put("unchanged-pushes", phase.pushes().unchanged());
    fields.put("acks", phase.pushes().acks());
    fields.put("certificates", phase.issuance().succeeded());
    fields.put("certificate-errors", phase.issuance().failures());
    fields.put("latency-p50-millis", phase.issuance().millisAt(50));
    fields.put("latency-p99-millis", phase.issuance().millisAt(99));
    fields.put("latency-max-millis", phase.issuance().maxMillis());
    fields.put("transactions", phase.writes().transactions());
    fields.put("rows-written", phase.writes().rows());
    fields.put("wal-bytes", phase.writes().walBytes());
    return fields;
  }

  private static Map<String, Object> fields(Memory memory) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("peak-resident-bytes", memory.peakResident());
    fields.put("peak-heap-bytes", memory.peakHeap());
    fields.put("live-heap-bytes", memory.liveHeap());
    return fields;
  }

  private static String seconds(Duration time) {
    return number("%,.1f s", time.toMillis() / 1e3);
  }

  private static String mebibytes(long bytes) {
    return number("%,.1f MiB", bytes / 1048576.0);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
