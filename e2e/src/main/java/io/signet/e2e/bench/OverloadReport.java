package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The figures of {@code bench overload}.
 *
 * @param rate at which was asked in the second part
 * @param capacity as many callers as keep the server busy
 * @param overload several times as much
 */
record OverloadReport(
    Machine machine, Rate rate, IssueRun.Result capacity, IssueRun.Result overload)
    implements Report {

  /** Which part of what the server can do is left when too much is asked of it. */
  double goodput() {
    return overload.tally().perSecond() / capacity.tally().perSecond();
  }

  @Override
  public String table() {
    Tally alone = capacity.tally();
    Tally tooMuch = overload.tally();
    Table head = new Table();
    machine.addTo(head);
    Table table = new Table();
    table
        .row("", "at capacity", "overloaded")
        .row("calls due/s", "as answered", rate.toString())
        .row(
            "calls made/s",
            number("%,.0f", alone.callsPerSecond()),
            number("%,.0f", tooMuch.callsPerSecond()))
        .row(
            "certificates/s",
            number("%,.0f", alone.perSecond()),
            number("%,.0f", tooMuch.perSecond()))
        .row("goodput", "100 %", number("%.0f %%", 100 * goodput()))
        .row("latency p50", millis(alone.millisAt(50)), millis(tooMuch.millisAt(50)))
        .row("latency p99", millis(alone.millisAt(99)), millis(tooMuch.millisAt(99)))
        .row("latency max", millis(alone.maxMillis()), millis(tooMuch.maxMillis()))
        .row("refusals", alone.failures().toString(), tooMuch.failures().toString())
        .row("refusal p50", millis(alone.refusedMillisAt(50)), millis(tooMuch.refusedMillisAt(50)))
        .row("refusal p99", millis(alone.refusedMillisAt(99)), millis(tooMuch.refusedMillisAt(99)))
        .row("server CPU/certificate", cpu(capacity), cpu(overload))
        .row("server memory", memory(capacity), memory(overload));
    return head + System.lineSeparator() + table;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("calls-due-per-second", rate.perSecond());
    fields.put("goodput", goodput());
    fields.put("at-capacity", fields(capacity));
    fields.put("overloaded", fields(overload));
    return fields;
  }

  private static Map<String, Object> fields(IssueRun.Result result) {
    Tally tally = result.tally();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("calls-per-second", tally.callsPerSecond());
    fields.put("certificates-per-second", tally.perSecond());
    result.cpuMicros().ifPresent(micros -> fields.put("server-cpu-micros", micros));
    fields.put("latency-millis", Map.of("p50", tally.millisAt(50), "p99", tally.millisAt(99)));
    fields.put("refusals", tally.failures());
    fields.put(
        "refusal-millis",
        Map.of("p50", tally.refusedMillisAt(50), "p99", tally.refusedMillisAt(99)));
    return fields;
  }

  private static String cpu(IssueRun.Result result) {
    return result.cpuMicros().map(micros -> number("%,.0f µs", micros)).orElse("?");
  }

  private static String memory(IssueRun.Result result) {
    return result.atEnd().map(usage -> number("%,.0f MiB", usage.residentMebibytes())).orElse("?");
  }

  private static String millis(double value) {
    return number("%,.2f ms", value);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
