package io.signet.ca.cli;

import io.signet.hsm.CustodianBench.Row;
import io.signet.hsm.KeyAlgorithm;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of {@code keys bench}. */
record KeysReport(KeyAlgorithm algorithm, List<Row> rows) {

  String table() {
    Table table = new Table();
    table.row(algorithm + ", callers", "signatures/s", "p50 ms", "p99 ms", "failed");
    rows.forEach(row ->
        table.row(
            "" + row.callers(),
            number("%,.0f", row.perSecond()),
            number("%.3f", row.millis(50)),
            number("%.3f", row.millis(99)),
            failed(row)));
    return table.toString();
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("algorithm", algorithm.toString());
    fields.put("rows", rows.stream().map(KeysReport::fields).toList());
    return fields;
  }

  private static Map<String, Object> fields(Row row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("callers", row.callers());
    fields.put("per-second", row.perSecond());
    fields.put("p50-millis", row.millis(50));
    fields.put("p99-millis", row.millis(99));
    row.faults()
        .forEach(
            (fault, count) -> fields.put("failed-" + fault.name().toLowerCase(Locale.ROOT), count));
    return fields;
  }

  private static String failed(Row row) {
    return row.faults().isEmpty()
        ? "-"
        : row.faults().entrySet().stream()
            .map(fault -> fault.getValue() + " " + fault.getKey())
            .collect(Collectors.joining(", "));
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
