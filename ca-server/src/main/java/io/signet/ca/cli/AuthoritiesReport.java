package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a server says of CA certificates.
 *
 * @param answer that of {@code /v1/authorities} or {@code /v1/bundle}
 */
record AuthoritiesReport(JsonNode answer) {

  String json() {
    return answer.toString();
  }

  /** Those that have signed, sign or will, as {@code authority list} shows them. */
  String authorities() {
    Table table =
        new Table()
            .row("GENERATION", "ROLE", "KEY ID", "SUBJECT", "NOT BEFORE", "NOT AFTER", "LABEL");
    for (JsonNode one : answer.path("authorities")) {
      String role = text(one, "role");
      table.row(
          text(one, "generation"),
          one.path("compromised").asBoolean() ? role + ", compromised" : role,
          text(one, "key-id"),
          text(one, "subject"),
          text(one, "not-before"),
          text(one, "not-after"),
          text(one, "label"));
    }
    return table.toString();
  }

  /** Those to trust, as {@code bundle show} does. */
  String bundle() {
    Table table = new Table().row("KEY ID", "SUBJECT", "NOT BEFORE", "NOT AFTER");
    for (JsonNode one : answer.path("authorities")) {
      table.row(
          text(one, "key-id"),
          text(one, "subject"),
          text(one, "not-before"),
          text(one, "not-after"));
    }
    return "%s, version %s%n%s"
        .formatted(text(answer, "trust-domain"), text(answer, "sequence"), table);
  }

  private static String text(JsonNode of, String member) {
    String text = of.path(member).asText().replaceAll("[^ -~]", "?");
    return text.isEmpty() ? "-" : text;
  }
}
