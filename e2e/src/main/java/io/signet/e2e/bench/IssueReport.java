package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The figures of {@code bench issue}, next to what the machine's OpenSSL can do. */
record IssueReport(Machine machine, OpensslSpeed openssl, LoadPlan plan, IssueRun.Result result)
    implements Report {

  @Override
  public String table() {
    Tally tally = result.tally();
    Table table = new Table();
    machine.addTo(table);
    table
        .row("load", plan.describe())
        .row("certificates/s", number("%,.1f", tally.perSecond()))
        .row("certificates", number("%,d", tally.succeeded()))
        .row("verified", number("%,d", result.verified()))
        .row("errors", tally.failures().isEmpty() ? "none" : tally.failures().toString())
        .row("latency p50", millis(tally.millisAt(50)))
        .row("latency p90", millis(tally.millisAt(90)))
        .row("latency p99", millis(tally.millisAt(99)))
        .row("latency p99.9", millis(tally.millisAt(99.9)))
        .row("latency max", millis(tally.maxMillis()))
        .row("bytes/answer", number("%,.0f", tally.meanBytes()))
        .row("server CPU/certificate", orUnknown("%,.0f µs", result.cpuMicros()))
        .row("server memory", orUnknown("%,.0f MiB", memory()))
        .row("openssl P-256", opensslRates())
        .row("openssl 1 sign + 2 verify", number("%,.0f µs", openssl.microsPerCertificate()))
        .row("server CPU / openssl", orUnknown("%.1f", ratio()));
    return table.toString();
  }

  private Optional<Double> memory() {
    return result.atEnd().map(ProcessUsage::residentMebibytes);
  }

  /** How many times what the signatures alone cost. */
  private Optional<Double> ratio() {
    return result.cpuMicros().map(micros -> micros / openssl.microsPerCertificate());
  }

  private String opensslRates() {
    return "%s signatures/s, %s verifications/s"
        .formatted(
            number("%,.0f", openssl.signsPerSecond()),
            number("%,.0f", openssl.verifiesPerSecond()));
  }

  private static String orUnknown(String format, Optional<Double> value) {
    return value.map(v -> number(format, v)).orElse("unknown (see --pid)");
  }

  private static String millis(double value) {
    return number("%,.2f ms", value);
  }

  private static String number(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    Tally tally = result.tally();
    fields.put("load", plan.describe());
    fields.put("certificates-per-second", tally.perSecond());
    fields.put("certificates", tally.succeeded());
    fields.put("verified", result.verified());
    fields.put("errors", tally.failures());
    fields.put("latency-millis", latencies(tally));
    fields.put("bytes-per-answer", tally.meanBytes());
    result.cpuMicros().ifPresent(micros -> fields.put("server-cpu-micros", micros));
    result.atEnd().ifPresent(end -> fields.put("server-memory-bytes", end.residentBytes()));
    fields.put("openssl-signs-per-second", openssl.signsPerSecond());
    fields.put("openssl-verifies-per-second", openssl.verifiesPerSecond());
    fields.put("openssl-micros", openssl.microsPerCertificate());
    ratio().ifPresent(times -> fields.put("ratio", times));
    return fields;
  }

  private static Map<String, Double> latencies(Tally tally) {
    Map<String, Double> latencies = new LinkedHashMap<>();
    latencies.put("p50", tally.millisAt(50));
    latencies.put("p90", tally.millisAt(90));
    latencies.put("p99", tally.millisAt(99));
    latencies.put("p99.9", tally.millisAt(99.9));
    latencies.put("max", tally.maxMillis());
    return latencies;
  }
}
