package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a server says of its open streams.
 *
 * @param answer that of {@code /v1/sds/subscribers}
 */
record SubscribersReport(JsonNode answer) {
  private static final int SHORT_VERSION = 12;
  private static final int LONGEST_NAME = 100;

  String json() {
    return answer.toString();
  }

  /** For people: a row for each name, and in the end how many streams that are of how many. */
  String table() {
    Table table =
        new Table()
            .row(
                "IDENTITY",
                "NODE",
                "LISTENER",
                "STREAM",
                "NAME",
                "STATE",
                "VERSION",
                "SINCE",
                "NACKS",
                "NACK");
    for (JsonNode stream : answer.path("streams")) {
      rows(table, stream);
    }
    return table + System.lineSeparator() + count();
  }

  private static void rows(Table table, JsonNode stream) {
    for (JsonNode name : stream.path("names")) {
      table.row(
          identity(stream),
          text(stream, "node"),
          text(stream, "listener"),
          text(stream, "stream"),
          text(name, "name"),
          text(name, "state"),
          shortened(text(name, "version"), SHORT_VERSION),
          text(name, "since"),
          text(name, "nacks"),
          text(name, "nack"));
    }
    if (stream.path("names").isEmpty()) {
      table.row(
          identity(stream),
          text(stream, "node"),
          text(stream, "listener"),
          text(stream, "stream"),
          "-");
    }
  }

  private String count() {
    long shown = answer.path("shown").asLong();
    long total = answer.path("total").asLong();
    return shown == total
        ? "%d streams".formatted(total)
        : "%d of %d streams; --limit N for more, --behind for those that lack something"
            .formatted(shown, total);
  }

  private static String identity(JsonNode stream) {
    String instance = text(stream, "instance");
    return instance.equals("-")
        ? text(stream, "identity")
        : "%s (%s)".formatted(text(stream, "identity"), instance);
  }

  // Some of it are the words of a peer, which has its own idea of a line.
  private static String text(JsonNode of, String member) {
    String text = of.path(member).asText().replaceAll("[^ -~]", "?");
    return text.isEmpty() ? "-" : member.equals("name") ? shortened(text, LONGEST_NAME) : text;
  }

  private static String shortened(String text, int longest) {
    return text.length() <= longest ? text : text.substring(0, longest);
  }
}
