package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/**
 * What a server says of its keys.
 *
 * @param keys the answer of {@code /v1/keys}
 */
record KeysStatusReport(JsonNode keys) {

  /** Whether the root's key can be used now. */
  boolean usable() {
    return keys.path("usable").asBoolean();
  }

  String json() {
    return keys.toString();
  }

  /** For people; what the server does not know has no line. */
  String table() {
    Table table = new Table();
    line(table, "root key", root());
    line(table, "usable", usable() ? "yes" : "no");
    line(table, "custodian", text("custodian") + ", " + text("where"));
    line(table, "last seen", text("seen"));
    failure(table, "problem");
    line(table, "issuing keys", text("issuing"));
    line(table, "calls", calls());
    line(table, "lease", lease());
    line(
        table, "connection", "lost %s, recovered %s".formatted(text("losses"), text("recoveries")));
    failure(table, "last-error");
    return table.toString();
  }

  private String root() {
    JsonNode root = keys.path("root");
    return root.isMissingNode()
        ? "none yet"
        : "%s (%s)".formatted(root.path("label").asText(), root.path("algorithm").asText());
  }

  private void failure(Table table, String name) {
    JsonNode failure = keys.path(name);
    if (failure.isMissingNode()) {
      return;
    }
    String fault = failure.path("fault").asText().toUpperCase(Locale.ROOT);
    String why = failure.path("why").asText();
    line(
        table,
        name.replace('-', ' '),
        "%s, %s: %s".formatted(failure.path("at").asText(), fault, why));
    line(table, "  check", failure.path("check").asText());
  }

  private String calls() {
    JsonNode calls = keys.path("calls");
    return calls.isMissingNode()
        ? ""
        : "%s of %s permits free, %s waiting, %s given up"
            .formatted(
                calls.path("free").asText(),
                calls.path("permits").asText(),
                calls.path("waiting").asText(),
                calls.path("given-up").asText());
  }

  private String lease() {
    JsonNode lease = keys.path("lease");
    if (lease.isMissingNode()) {
      return "";
    }
    String left = lease.path("left-seconds").asText();
    return "ends " + lease.path("ends").asText() + (left.isEmpty() ? "" : ", in " + left + " s");
  }

  private String text(String name) {
    return keys.path(name).asText();
  }

  // Some of it are the words of a device, which has its own idea of a line.
  private static void line(Table table, String name, String value) {
    if (!value.isEmpty()) {
      table.row(name, value.replaceAll("\\p{Cntrl}", " "));
    }
  }
}
