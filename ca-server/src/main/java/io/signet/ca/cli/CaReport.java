package io.signet.ca.cli;

import io.signet.ca.cli.CaOffice.Imported;
import io.signet.spiffe.SerialNumber;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@code authority import} has put in force. */
record CaReport(Imported imported) {

  String table() {
    Table table = new Table();
    table.row("", "subject", "serial number", "valid until");
    rows()
        .forEach(row ->
            table.row(
                row.role(),
                row.certificate().getSubjectX500Principal().toString(),
                SerialNumber.of(row.certificate()).toString(),
                row.certificate().getNotAfter().toInstant().toString()));
    return table.toString();
  }

  Map<String, Object> fields() {
    return Map.of("certificates", rows().map(CaReport::fields).toList());
  }

  private record Row(String role, X509Certificate certificate) {}

  private Stream<Row> rows() {
    List<X509Certificate> chain = imported.chain();
    return Stream.of(
            chain.stream().limit(1).map(ca -> new Row("CA", ca)),
            chain.stream().skip(1).map(above -> new Row("above it", above)),
            imported.roots().stream().map(root -> new Row("trusted root", root)))
        .flatMap(rows -> rows);
  }

  private static Map<String, Object> fields(Row row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", row.role());
    fields.put("subject", row.certificate().getSubjectX500Principal().toString());
    fields.put("serial-number", SerialNumber.of(row.certificate()).toString());
    fields.put("valid-until", row.certificate().getNotAfter().toInstant().toString());
    return fields;
  }
}
