package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The figures of {@code bench failover}.
 *
 * @param times at least one
 */
record FailoverReport(Machine machine, OpensslSpeed openssl, List<Duration> times)
    implements Report {

  FailoverReport {
    times = times.stream().sorted().toList();
  }

  /** With an even number of runs the slower of the two in the middle. */
  Duration median() {
    return times.get(times.size() / 2);
  }

  @Override
  public String table() {
    Table table = new Table();
    machine.addTo(table);
    return table
        .row(
            "openssl 1 sign + 2 verify",
            String.format(Locale.ROOT, "%,.0f µs", openssl.microsPerCertificate()))
        .row("runs", Integer.toString(times.size()))
        .row("SIGKILL to another leading, min", millis(times.getFirst()))
        .row("  p50", millis(median()))
        .row("  max", millis(times.getLast()))
        .toString();
  }

  private static String millis(Duration time) {
    return String.format(Locale.ROOT, "%,.0f ms", time.toNanos() / 1e6);
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("openssl-micros", openssl.microsPerCertificate());
    fields.put("failover-millis", times.stream().map(time -> time.toNanos() / 1e6).toList());
    fields.put("failover-p50-millis", median().toNanos() / 1e6);
    fields.put("failover-max-millis", times.getLast().toNanos() / 1e6);
    return fields;
  }
}
